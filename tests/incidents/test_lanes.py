"""Where bars and days lie on a timeline, and what is written on them."""

from datetime import date, timedelta

from incidents.oncall.lanes import Axis, axis, lane, tints_of
from incidents.oncall.rotation import Gap, Shift, Stretch
from tests.incidents.rotation_by_minutes import utc

MONDAY = date(2026, 11, 16)
NOW = utc(2026, 11, 19, 13, 31)
NAMES = {"ada": "Ada Okafor", "bo": "Bo Lindqvist"}


def week() -> Axis:
    return axis(MONDAY, 7, now=NOW, zone="Europe/Berlin")


def test_a_week_has_seven_days_of_the_readers_zone_and_marks_today() -> None:
    ticks = week().ticks
    assert [tick.text for tick in ticks] == ["Mon 16", "Tue 17", "Wed 18", "Thu 19", "Fri 20", "Sat 21", "Sun 22"]
    assert [tick.text for tick in ticks if tick.today] == ["Thu 19"]
    assert [tick.x for tick in ticks][:2] == ["0.000%", "14.286%"]
    assert (week().now_x, week().now_text) == ("51.498%", "now 14:31")


def test_the_day_on_which_summer_time_ends_is_25_hours_wide() -> None:
    autumn = axis(date(2026, 10, 24), 3, now=NOW, zone="Europe/Berlin")
    assert autumn.end - autumn.start == timedelta(hours=73)
    assert [tick.x for tick in autumn.ticks] == ["0.000%", "32.877%", "67.123%"]


def test_now_is_not_drawn_where_it_is_not() -> None:
    assert axis(date(2026, 12, 1), 7, now=NOW, zone="UTC").now_x is None


def test_the_word_now_stays_inside_at_both_edges() -> None:
    def anchor(now: float) -> str:
        return axis(MONDAY, 7, now=utc(2026, 11, 16) + timedelta(days=now), zone="UTC").now_anchor

    assert [anchor(day) for day in (0.1, 3, 6.9)] == ["start", "middle", "end"]


def test_bars_are_cut_to_the_period_and_say_in_words_what_they_are() -> None:
    drawn = lane(
        "CI",
        [
            Shift("ada", None, utc(2026, 11, 18, 23), "primary"),
            Shift("bo", utc(2026, 11, 18, 23), utc(2026, 11, 19, 23), override="7"),
            Gap(utc(2026, 11, 19, 23), None),
        ],
        week(),
        names=NAMES,
        tints={},
    )
    assert [(bar.x, bar.width, bar.css, bar.text) for bar in drawn.bars] == [
        ("0.000%", "42.857%", "shift", "Ada Okafor"),
        ("42.857%", "14.286%", "shift over", "Bo Lindqvist"),
        ("57.143%", "42.857%", "hole", "nobody"),
    ]
    assert drawn.label.endswith("nobody, Fri 20 Nov 00:00 to Mon 23 Nov 00:00")


def test_a_narrow_bar_has_a_first_name_then_initials_then_nothing() -> None:
    def text(hours: int) -> str:
        shift = Shift("bo", utc(2026, 11, 17), utc(2026, 11, 17) + timedelta(hours=hours), "primary")
        return lane("CI", [shift], week(), names=NAMES, tints={}).bars[0].text

    assert [text(hours) for hours in (24, 12, 7, 3)] == ["Bo Lindqvist", "Bo", "Bo", ""]


def test_a_layer_that_rests_leaves_its_row_empty() -> None:
    assert lane("nights", [Gap(None, None)], week(), names={}, tints={}, holes=False).label == "nobody"


def test_people_are_told_apart_by_three_tints_in_the_order_they_come() -> None:
    shifts = [Shift(person, NOW, NOW, "primary") for person in ("ada", "bo", "ada", "cy", "dee")]
    assert tints_of(shifts) == {"ada": "", "bo": "b", "cy": "c", "dee": ""}


def test_what_lies_before_the_schedule_was_made_is_no_gap() -> None:
    made = utc(2026, 11, 18, 23)
    stretches: list[Stretch] = [Gap(None, utc(2026, 11, 19, 23)), Shift("ada", utc(2026, 11, 19, 23), None, "primary")]
    drawn = lane("CI", stretches, week(), names=NAMES, tints={}, since=made)
    assert [(bar.x, bar.css) for bar in drawn.bars] == [("42.857%", "hole"), ("57.143%", "shift")]
    before: list[Stretch] = [Gap(None, made, override="7"), Gap(made - timedelta(days=1), made)]
    assert [bar.width for bar in lane("CI", before, week(), names={}, tints={}, since=made).bars] == ["42.857%"]
