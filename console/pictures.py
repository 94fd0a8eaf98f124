"""A file that somebody sent, opened for one answer: drawn where a browser may, else handed over as a file."""

from typing import Final

from fastapi import Response

# What a browser may draw; anything else is handed over as a file, and opens nothing by itself.
DRAWN: Final = frozenset({"image/jpeg", "image/png", "image/webp"})


def handed(kind: str, content: bytes, name: str) -> Response:
    """The answer. `kind`: its MIME type; `name`: of the file, where it is saved as one."""
    drawn = kind in DRAWN
    headers = {"cache-control": "no-store"}
    if not drawn:
        headers["content-disposition"] = f'attachment; filename="{name}"'
    return Response(content, media_type=kind if drawn else "application/octet-stream", headers=headers)
