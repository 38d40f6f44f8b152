"""`python -m qmlc` is `qmlc`."""

from __future__ import annotations

from qmlc.tools.main import main

if __name__ == "__main__":
    main()
