"""`python -m tests.audit TEMPLATE`: the findings in the translated template and in docs/iam."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.audit.findings import find_in_policies, find_in_template
from tests.audit.judging import judge, read_accepted

DOCUMENTS = Path(__file__).parents[2] / "docs" / "iam"


def main() -> int:
    """Print the faults; the exit code says whether there are any."""
    template = Path(sys.argv[1])
    accepted = read_accepted()
    findings = (*find_in_template(template), *find_in_policies(template, DOCUMENTS))
    faults = tuple(judge(findings, accepted))
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"audit: {len(findings)} findings, {len(accepted)} reasons, {len(faults)} to mend")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
