-- Version 2 of reflow.db adds to version 1.

ALTER TABLE tasks ADD COLUMN uri     TEXT;   -- of an exec: host, alloc and exec, such as box/0061a20f88f57386/3f2a91bc...
ALTER TABLE tasks ADD COLUMN profile TEXT;   -- JSON object by gauge (cpu, mem, disk, tmp) of what was sampled
ALTER TABLE tasks ADD COLUMN begin_time TEXT;   -- when it was taken up; start_time is that of its command, NULL before it; end_time NULL while it goes on, or if its run was killed
ALTER TABLE tasks ADD COLUMN process    INTEGER; -- of a command that runs: its first process on that host
ALTER TABLE tasks ADD COLUMN container  TEXT;   -- of a command that runs: the name of its container
