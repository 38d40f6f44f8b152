"""Programs in documents."""

from __future__ import annotations

from qmlc.testing.read_fences import Fence, read_fences

DOCUMENT = """\
Text with `code`.

```hqm
const a = 1

const b = 2
```

```python
print("```hqm")
```

    ```hqm
    gate g() q {
        h q
    }
    ```

````hqm
# ``` is no end
```
````

```hqm
never closed
"""


def test_fences():
    assert read_fences(DOCUMENT) == (
        Fence(3, "const a = 1\n\nconst b = 2\n"),
        Fence(13, "gate g() q {\n    h q\n}\n"),
        Fence(19, "# ``` is no end\n```\n"),
    )


def test_another_language():
    assert [f.line for f in read_fences(DOCUMENT, "python")] == [9]


def test_no_fences():
    assert read_fences("") == ()
