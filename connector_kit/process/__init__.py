"""How a process starts and ends: its streams, signals, closed pipes and the garbage collector.

Nothing here imports airbyte-cdk or singer-sdk, so that a program can take hold of signals before it imports them.
"""
