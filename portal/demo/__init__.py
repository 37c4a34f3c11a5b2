"""The demo platform: teams, components and objectives as YAML, and a simulator of their tools that can be broken."""

PASSWORD = "portico-demo"  # noqa: S105 - printed by bin/up; the accounts exist in the demo only
