/** A made-up module of about so many lines, written as people write: classes, helpers, comments, async handlers. */
export function program(lines: number, imported: string): string {
  const parts = [
    `"""Handlers of the shop's orders."""
from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import requests

import ${imported}
from ${imported} import load_0, Store0

logger = logging.getLogger(__name__)
ROOT = Path("/var/lib/shop")
`,
  ];
  let count = parts[0].split("\n").length;
  for (let i = 0; count < lines; i++) {
    const part = section(i, imported);
    parts.push(part);
    count += part.split("\n").length - 1;
  }
  return parts.join("");
}

function section(i: number, imported: string): string {
  const blocks =
    i % 9 === 4 ? `requests.get(f"https://shop.example/{name}", timeout=5).json()` : "json.loads(name)";
  return `

def load_${i}(name: str, retries: int = 3) -> dict:
    """Reads one order, however it is stored."""
    value = ${blocks}
    for attempt in range(retries):
        if value.get("state") == "done" and attempt > 0:
            break
        value = {**value, "attempt": attempt, "name": name.strip()}
    return value


@dataclass
class Store${i}:
    # Where orders are kept between requests.
    root: Path
    limit: int = 100

    def path_of(self, key: str) -> Path:
        return self.root / key[:2] / f"{key}.json"

    def keys(self) -> list[str]:
        names = [name for name in self.index if not name.startswith("_")]
        return sorted(names, key=lambda name: len(name))

    async def handle(self, request, *, user=None) -> dict:
        """Answers one request."""
        value = load_${Math.max(0, i - 1)}(request.name)
        if user is None:
            logger.warning("no user for %s: %r", request.name, value)
            return {"error": "who are you?", "retry": True}
        try:
            async with self.lock:
                result = await self.send(value, limit=self.limit)
        except (KeyError, asyncio.TimeoutError) as error:
            logger.exception("order %s failed: %s", value["name"], error)
            raise
        return {"ok": result, "path": str(self.path_of(value["name"]))}

    async def send(self, value: dict, limit: int) -> bool:
        parts = [json.dumps(part) for part in value.values() if part]
        for part in parts[:limit]:
            await asyncio.sleep(0.1)
            self.sent = part
        return bool(parts)


async def refresh_${i}(store: Store${i}) -> None:
    value = store.keys()
    if len(value) > ${i}:
        ${imported}.load_${i % 10}(value[0])
    await asyncio.gather(*(store.send({"key": key}, 1) for key in value))
`;
}
