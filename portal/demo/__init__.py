"""The demo platform: teams, components and objectives as YAML, and a simulator of their tools that can be broken."""

PASSWORD = "portico-demo"  # noqa: S105 - printed by bin/up; the accounts exist in the demo only

WHO = {
    "linh": "on call",
    "ada": "lead of Build & CI",
    "katrin": "platform lead",
    "elena": "developer",
    "admin": "platform admin",
}
