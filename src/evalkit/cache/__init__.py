"""The response cache: answers of models, kept across runs so that nothing is paid for twice.

One SQLite file for all runs and processes of a user (WAL mode: https://sqlite.org/wal.html). What
is in it are bytes under a key; what they mean is the business of whoever asks.

- An answer is never wrong: each has a checksum over key and payload. One whose checksum fails is
  removed, and counts as not there.
- A damaged file is moved aside with a notice, and a new one begun; the answers are asked for anew.
- What was kept outlives the process that kept it, however that ends. A power cut may cost the
  newest entries (``synchronous=NORMAL``: not every transaction waits for the disk).
- The least recently used answers make room when the file outgrows its limit.
- Only the user can read it: answers may be private.

The file must lie on a local disk, as processes share memory over it.
"""

from evalkit.cache.place import cache_file, cache_folder, cache_limit
from evalkit.cache.responses import ResponseCache

__all__ = ["ResponseCache", "cache_file", "cache_folder", "cache_limit"]
