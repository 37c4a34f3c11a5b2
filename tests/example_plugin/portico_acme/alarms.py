"""A way in: alarms of the machine hall, as its controller posts them.

{"machine": "press-4", "alarm": "overheated", "component": "press-control", "cleared": false}
"""

from incidents.intake.config import Config, Faults
from incidents.intake.signals import FIRING, RESOLVED, Signal, kept, kept_text
from incidents.intake.ways import WayIn

RECIPE = """\
curl -X POST {url}/alerts/acme-hall/{key} -H 'Content-Type: application/json' \\
  -d '{{"machine": "press-4", "alarm": "overheated", "cleared": false}}'"""


def check(payload: object, _config: Config) -> None:
    """Raises Invalid, naming each field that is wrong; the sender gets a 400 that says so."""
    faults = Faults()
    said = payload if isinstance(payload, dict) else {}
    for name in ("machine", "alarm"):
        if not isinstance(said.get(name), str) or not said[name].strip():
            faults.add(name, f"Say which {name}.")
    faults.end()


def read(payload: object, config: Config) -> Signal:
    """What one alarm says. Raises Invalid."""
    check(payload, config)
    assert isinstance(payload, dict)  # tells mypy
    machine, alarm = (kept_text(payload[name], 100) for name in ("machine", "alarm"))
    return Signal(
        key=f"{machine}/{alarm}",
        status=RESOLVED if payload.get("cleared") else FIRING,
        summary=f"{machine}: {alarm}",
        level="critical",
        labels={"component": kept_text(payload.get("component"), 200), "machine": machine},
        details={"alarm": kept(payload)},
    )


HALL = WayIn(
    check, read, label="Machine hall", icon="alarm", about="Alarms of controllers.", recipes=(("Try it", RECIPE),)
)
