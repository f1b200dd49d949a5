"""Decisions on plain values: nothing here touches the outside."""
