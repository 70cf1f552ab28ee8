package timeline

import _ "embed"

// Sample is what is replayed without a file: conversations made up to show
// everything that can happen.
//
//go:embed sample.jsonl
var Sample string
