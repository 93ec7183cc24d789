"""What both recruiting sources use and airbyte-cdk lacks, one concern a file.

Arrows go one way: `source_talentics` and `source_talentio` name these parts in their manifests, and these parts build
on airbyte-cdk. Nothing here knows which of the two APIs it serves; what differs is data in the manifests.
"""
