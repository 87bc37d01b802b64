"""M of N and missing data: the rules of CloudWatch's guide, row by row and at random."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.alarm_room import Room

from switchover_local.twin.cloudwatch.alarm_rules import GapRules, MissingData, MOfN

RETAINED = "retained"

# Both tables of "Configuring how CloudWatch alarms treat missing data": newest on the right,
# then the outcome for missing, ignore, breaching, notBreaching.
THREE_OF_THREE = [
    ("0-X-X", "OK", "OK", "OK", "OK"),
    ("0----", "OK", "OK", "OK", "OK"),
    ("-----", "INSUFFICIENT_DATA", RETAINED, "ALARM", "OK"),
    ("0XX-X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("--X--", "ALARM", RETAINED, "ALARM", "OK"),
]
TWO_OF_THREE = [
    ("0-X-X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("00X0X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0-X--", "OK", "OK", "ALARM", "OK"),
    ("----0", "OK", "OK", "ALARM", "OK"),
    ("---X-", "ALARM", RETAINED, "ALARM", "OK"),
]
GUIDE = [
    (needed, points, treatment, outcome)
    for needed, table in ((3, THREE_OF_THREE), (2, TWO_OF_THREE))
    for points, *outcomes in table
    for treatment, outcome in zip(MissingData, outcomes, strict=True)
]


def judge(
    points: str,
    needed: int,
    considered: int,
    treatment: MissingData,
    gaps: GapRules = GapRules(),  # noqa: B008 - a frozen value
) -> str:
    breaches = [{"X": True, "0": False, "-": None}[point] for point in points]
    return MOfN(needed, considered, treatment).judge(breaches, gaps) or RETAINED


@pytest.mark.parametrize(("needed", "points", "treatment", "outcome"), GUIDE)
def test_every_row_of_the_guides_tables_holds(
    needed: int, points: str, treatment: MissingData, outcome: str
) -> None:
    assert judge(points, needed, 3, treatment) == outcome


@pytest.mark.parametrize("points", ["----X", "---X-"])
def test_a_lone_young_breach_does_not_alarm_prematurely(points: str) -> None:
    assert judge(points, 3, 3, MissingData.MISSING) == RETAINED


# M out of N where some data are missing and what is there is mixed: 2 out of 3 over a range of 5, as
# in the guide's second table. The guide decides the first four columns; the last two are its prose,
# which has good data older than the breach not count.
MIXED = [
    ("X-0--", "OK", "OK", "ALARM", "OK", "OK", "OK"),
    ("X0---", "OK", "OK", "ALARM", "OK", "OK", "OK"),
    ("0X---", "OK", "OK", "ALARM", "OK", "ALARM", RETAINED),
    ("0--X-", "OK", "OK", "ALARM", "OK", "ALARM", RETAINED),
    ("0---X", "OK", "OK", "ALARM", "OK", "OK", "OK"),
    ("-0X--", "OK", "OK", "ALARM", "OK", "ALARM", RETAINED),
    ("X--X-", "ALARM", "ALARM", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("X-0X-", "ALARM", "ALARM", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("X0-0-", "OK", "OK", "OK", "OK", "OK", "OK"),
    ("0-0--", "OK", "OK", "OK", "OK", "OK", "OK"),
    ("X----", "ALARM", RETAINED, "ALARM", "OK", "ALARM", RETAINED),
    ("----X", RETAINED, RETAINED, "ALARM", "OK", RETAINED, RETAINED),
]


@pytest.mark.parametrize(
    ("points", "treatment", "outcome"),
    [
        (points, treatment, outcome)
        for points, *outcomes in MIXED
        for treatment, outcome in zip(MissingData, outcomes[:4], strict=True)
    ],
)
def test_mixed_data_with_gaps_is_judged_as_in_the_tables(
    points: str, treatment: MissingData, outcome: str
) -> None:
    assert judge(points, 2, 3, treatment) == outcome


@pytest.mark.parametrize(
    ("points", "treatment", "outcome"),
    [
        (points, treatment, outcome)
        for points, *outcomes in MIXED
        for treatment, outcome in zip(
            (MissingData.MISSING, MissingData.IGNORE), outcomes[4:], strict=True
        )
    ],
)
def test_a_scenario_can_have_mixed_data_judged_as_in_the_prose(
    points: str, treatment: MissingData, outcome: str
) -> None:
    assert judge(points, 2, 3, treatment, GapRules(is_held_back=False)) == outcome


@pytest.mark.parametrize("points", ["----X", "---X-"])
def test_a_scenario_can_have_a_young_breach_be_ok(points: str) -> None:
    assert judge(points, 3, 3, MissingData.MISSING, GapRules(is_young_breach_ok=True)) == "OK"


def reread_guide(history: str, needed: int, considered: int, treatment: str) -> str:
    """The guide's prose once more, on the letters of its tables."""
    visible = history[-(considered + 2) :].rjust(considered + 2, "-")
    real = visible.replace("-", "")
    if len(real) >= considered:
        return "ALARM" if real[-considered:].count("X") >= needed else "OK"
    blanks = considered - len(real)
    match treatment:
        case "breaching":
            return "ALARM" if (real + "X" * blanks).count("X") >= needed else "OK"
        case "notBreaching":
            return "ALARM" if (real + "0" * blanks).count("X") >= needed else "OK"
    if not real:
        return "INSUFFICIENT_DATA" if treatment == "missing" else RETAINED
    if real.count("X") >= needed:
        return "ALARM"
    if "0" in real:
        return "OK"
    is_old_enough = len(visible.lstrip("-")) >= needed
    return "ALARM" if treatment == "missing" and is_old_enough else RETAINED


@given(
    history=st.text("X0-", min_size=1, max_size=25),
    bounds=st.tuples(st.integers(1, 6), st.integers(1, 6)).map(sorted),
    treatment=st.sampled_from(list(MissingData)),
)
def test_an_alarm_follows_the_guide_minute_by_minute(
    history: str, bounds: list[int], treatment: MissingData
) -> None:
    needed, considered = bounds
    room = Room()
    room.put(
        EvaluationPeriods=considered, DatapointsToAlarm=needed, TreatMissingData=treatment.value
    )

    states = room.pass_minutes(*({"X": 9.0, "0": 1.0, "-": None}[letter] for letter in history))

    expected, last = [], "INSUFFICIENT_DATA"
    for minute in range(1, len(history) + 1):
        outcome = reread_guide(history[:minute], needed, considered, treatment)
        last = last if outcome == RETAINED else outcome
        expected.append(last)
    assert states == expected
