"""An exhausted budget is a health of its own, between at risk and broken: what was 3 is 4.

Nothing is reported while a promise stays as it is, so what is exhausted already is known by what was said of it.
"""

from django.db import migrations, models

APART = """
UPDATE catalog_componenthealth SET state = 4 WHERE state = 3;
UPDATE catalog_component SET worst = 4 WHERE worst = 3;
UPDATE catalog_componenthealth SET state = 3 WHERE state = 2 AND source = 'slo' AND summary LIKE '%: exhausted';
UPDATE catalog_component SET worst = 3 WHERE worst = 2 AND id IN (
  SELECT component_id FROM catalog_componenthealth WHERE state = 3);
"""
TOGETHER = """
UPDATE catalog_componenthealth SET state = CASE state WHEN 4 THEN 3 ELSE 2 END WHERE state IN (3, 4);
UPDATE catalog_component SET worst = CASE worst WHEN 4 THEN 3 ELSE 2 END WHERE worst IN (3, 4);
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0007_lean_indexes")]

    operations = [
        migrations.AlterField(
            model_name="componenthealth",
            name="state",
            field=models.PositiveSmallIntegerField(
                choices=[(0, "Healthy"), (1, "No data"), (2, "At risk"), (3, "Exhausted"), (4, "Broken")]
            ),
        ),
        migrations.RunSQL(APART, TOGETHER),
    ]
