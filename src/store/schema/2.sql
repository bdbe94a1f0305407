-- Version 2 of reflow.db adds to version 1.

ALTER TABLE tasks ADD COLUMN uri     TEXT;   -- of an exec: host, alloc and exec, such as box/0061a20f88f57386/3f2a91bc...
ALTER TABLE tasks ADD COLUMN profile TEXT;   -- JSON object by gauge (cpu, mem, disk, tmp) of what was sampled
