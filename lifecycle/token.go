package lifecycle

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/adjourn/adjourn/conversation"
)

// A pageToken says behind which place a page begins, and of which view: another
// view has other places.
type pageToken struct {
	At     int64  `json:"t"` // microseconds
	ID     string `json:"id"`
	Number int    `json:"n,omitempty"` // of a closing
	View   []byte `json:"v"`           // its sum
}

func (t pageToken) encode() string {
	body, _ := json.Marshal(t) // cannot fail: plain fields
	return base64.RawURLEncoding.EncodeToString(body)
}

// decodeToken returns the token if it is one of the view with that sum.
func decodeToken(token string, view []byte) (pageToken, error) {
	var t pageToken
	body, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(body, &t)
	}
	at := time.UnixMicro(t.At)
	if err != nil || conversation.CheckID("token", t.ID) != nil || checkRange(at, at) != nil || !bytes.Equal(t.View, view) {
		return pageToken{}, errToken()
	}
	return t, nil
}

func errToken() error {
	return &conversation.InvalidError{Field: "token", Rule: "must be the Next of a page of this view"}
}

func sumOf(workspace string, view any) []byte {
	body, _ := json.Marshal(struct {
		Workspace string
		View      any
	}{workspace, view}) // cannot fail: plain fields
	sum := sha256.Sum256(body)
	return sum[:8]
}
