package behaviour
import ("testing";"github.com/adjourn/adjourn/storage/memory";"github.com/adjourn/adjourn/lifecycle";"github.com/adjourn/adjourn/conversation")
func TestZ(t *testing.T){ m:=map[string]int{}; least:=1000; for range 150 { w:=newWorld(t,lifecycle.Options{},memory.New()); w.traffic(); for _,id:=range w.all(){ for _,r:=range w.Chat(id).Journal(){ m[conversation.EventName(r.Event)]++ } }; least=min(least,len(w.every())) }; t.Log(m, least) }
