"""Starts and ends a process: its streams, signals, closed pipes and garbage collector.

Nothing here imports airbyte-cdk or singer-sdk, so that a program can handle signals before it imports them.
"""
