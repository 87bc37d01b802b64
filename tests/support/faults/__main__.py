"""Runs the matrix of faults: python -m tests.support.faults."""

import logging
import sys

from tests.support.faults.matrix import main

if __name__ == "__main__":
    logging.disable()
    sys.exit(main())
