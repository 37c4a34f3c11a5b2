"""What was read of a file is kept, so that an unchanged one needs no second reading."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0005_trust")]

    operations = [
        migrations.AddField(
            model_name="locationfile",
            name="is_part",
            field=models.BooleanField(default=False, help_text="A marker such as {$text: …} reads it into another"),
        ),
        migrations.AddField(
            model_name="locationfile",
            name="packed",
            field=models.BinaryField(
                default=b"", help_text="What was read, by zlib, so that an unchanged file costs a 304"
            ),
        ),
    ]
