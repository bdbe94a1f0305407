-- Version 3.

-- What else the result of an exec was stored under in assoc: 32 bytes each. Unknown of older ones.
ALTER TABLE materials ADD COLUMN other_keys BLOB NOT NULL DEFAULT x'';
