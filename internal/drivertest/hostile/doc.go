// Package hostile throws what nobody could mean at every public entry of the
// library, on every store: nothing may panic, nothing may be stored, every store
// must answer with the same class of error, and no error may repeat what it was
// given. What is legal, however strange, must come back byte for byte.
package hostile
