"""The door for Airbyte: the programs `source-talentics` and `source-talentio`, and the protocol's commands."""
