raise ImportError(
    "tests/support.py as you wrote it at 05:29 was overwritten at 05:30, by mistake, by the "
    "engineer of evolux and vono, and couldn't be recovered: please write it again over this "
    "note. Their own helpers are in tests/unit/rig.py; reuse or replace them as you like. Sorry."
)
