"""All that this plugin adds, in one place: one line in one registry each."""

from catalog import registries
from incidents import channels
from incidents.channels import ways
from incidents.intake import ways as ways_in
from slo import indicators, sources

from . import alarms, centres, deployments, lamp

registries.component_panels["acme-cost-centre"] = registries.Panel(
    "portico_acme/panel.html", centres.of_component, place="side", order=80
)
registries.scorecard_checks["acme-cost-centre"] = registries.ScorecardCheck(
    "Names its cost centre", "bronze", centres.named
)
registries.navigation["acme-cost-centres"] = registries.NavEntry(
    "Cost centres", "acme:cost-centres", "building", 28, within="catalog", also=("/x/acme",)
)
registries.pages["acme"] = "portico_acme.urls"
indicators.kinds[deployments.KIND.type] = deployments.KIND
sources.registry[deployments.KIND.type] = deployments.verdicts
ways_in.register("acme-hall", alarms.HALL)
channels.register("acme-lamp", lamp.Lamp())
ways.register(lamp.LAMP)
