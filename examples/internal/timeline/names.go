package timeline

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strconv"

	"github.com/adjourn/adjourn/conversation"
)

// Names gives the IDs of a file a form that the library takes. Hosts have IDs
// of their own, and the library takes most of them as they are: up to 128 bytes
// of letters, digits and ._:@-
type names struct {
	mapped   map[string]string // by the ID in the file, those that had to be replaced
	used     map[[2]string]bool
	repeated int // conversations whose ID came before in their workspace
}

func newNames() *names {
	return &names{mapped: map[string]string{}, used: map[[2]string]bool{}}
}

// id returns name itself, or if the library would not take it, an ID that
// follows from it.
func (n *names) id(name string) string {
	if conversation.CheckID("id", name) == nil {
		return name
	}
	if n.mapped[name] == "" {
		n.mapped[name] = DerivedID(name)
	}
	return n.mapped[name]
}

// conversation returns an ID that no conversation of the workspace had before.
func (n *names) conversation(workspace, name string) string {
	id := n.id(name)
	for i := 2; n.used[[2]string{workspace, id}]; i++ {
		if i == 2 {
			n.repeated++
		}
		id = n.id(name + ":" + strconv.Itoa(i))
	}
	n.used[[2]string{workspace, id}] = true
	return id
}

// DerivedID returns an ID that follows from the parts.
func DerivedID(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return "x-" + base32.StdEncoding.EncodeToString(h.Sum(nil)[:20])
}
