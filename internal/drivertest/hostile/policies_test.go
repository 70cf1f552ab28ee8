package hostile_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

func forAnother(method string, view any, token string) func(*world, any, any) func(context.Context) ([]any, error) {
	return func(_ *world, target, _ any) func(context.Context) ([]any, error) {
		return func(ctx context.Context) ([]any, error) {
			return call(ctx, target, method, []any{"other", view, token, 10})
		}
	}
}

// policies puts bad values into each field of the policy of a workspace and of a
// group.
func (b *table) policies() {
	scalar(b, "SetPolicies", "revision", badRevisions, "ErrPolicyConflict")
	all := func(path string, values []try, want string, set func(*conversation.Policies, any)) {
		b.add("SetPolicies", ".policies."+path, want, values, func(_ *world, target, v any) func(context.Context) ([]any, error) {
			p := policies()
			set(&p, v)
			return func(ctx context.Context) ([]any, error) {
				return call(ctx, target, "SetPolicies", []any{acme, p, int64(1)})
			}
		})
	}
	all("Tags", tries(badLines(conversation.MaxTag)), "invalid tags", func(p *conversation.Policies, v any) { p.Tags = []string{"late", v.(string)} })
	all("Tags", []try{{value: "1001"}}, "invalid tags", func(p *conversation.Policies, _ any) { p.Tags = distinctTags(1001) })
	all("Tags", []try{{value: "100,000"}}, "invalid tags", func(p *conversation.Policies, _ any) { p.Tags = distinctTags(100_000) })
	all("Tags", []try{{value: "twice", v: canary}}, "invalid tags", func(p *conversation.Policies, v any) { p.Tags = []string{v.(string), v.(string)} })
	all("AvailabilityGrace", tries(longDurations), "invalid availability_grace", func(p *conversation.Policies, v any) { p.AvailabilityGrace = v.(time.Duration) })
	all("Groups", tries(join(empty, badIDs())), "invalid group", func(p *conversation.Policies, v any) {
		p.Groups = map[string]conversation.Policy{v.(string): {}}
	})

	each := func(path string, values []try, want string, set func(*conversation.Policy, any)) {
		all("Default."+path, values, want, func(p *conversation.Policies, v any) { set(&p.Default, v) })
		all("Groups."+path, values, want, func(p *conversation.Policies, v any) {
			own := p.Groups["billing"]
			set(&own, v)
			p.Groups["billing"] = own
		})
	}
	each("ReopenWindow", tries(longDurations), "invalid reopen_window", func(p *conversation.Policy, v any) { p.ReopenWindow = v.(time.Duration) })
	each("ReassignAfter", tries(longDurations), "invalid reassign_after", func(p *conversation.Policy, v any) { p.ReassignAfter = v.(time.Duration) })
	each("Required", tries(join(empty, badEnums, nearly("notes"))), "invalid required", func(p *conversation.Policy, v any) { p.Required = []closure.Field{closure.Field(v.(string))} })
	each("Required", []try{{value: "10,000"}}, "invalid required", func(p *conversation.Policy, _ any) {
		p.Required = slices.Repeat([]closure.Field{closure.FieldNotes}, 10_000)
	})
	each("Courtesy.Guard", tries(join(badEnums, nearly("warn"))), "invalid courtesy.guard", func(p *conversation.Policy, v any) { p.Courtesy.Guard = closure.Guard(v.(string)) })
	each("Courtesy.Patience", tries(join(negativeDurations, longDurations)), "invalid courtesy.patience", func(p *conversation.Policy, v any) { p.Courtesy.Patience = v.(time.Duration) })
	each("Survey.Open", tries(join(negativeDurations, longDurations)), "invalid survey.open", func(p *conversation.Policy, v any) { p.Survey.Open = v.(time.Duration) })
	each("Courtesy.CheckIn", tries(badTexts(idle.MaxText)), "invalid courtesy.check_in", func(p *conversation.Policy, v any) { p.Courtesy.CheckIn = v.(string) })
	each("Courtesy.Farewell", tries(badTexts(idle.MaxText)), "invalid courtesy.farewell", func(p *conversation.Policy, v any) { p.Courtesy.Farewell = v.(string) })

	for name, of := range map[string]func(*conversation.Policy) *idle.Ladder{
		"Bot":      func(p *conversation.Policy) *idle.Ladder { return &p.Idle.Bot },
		"Waiting":  func(p *conversation.Policy) *idle.Ladder { return &p.Idle.Waiting },
		"Assigned": func(p *conversation.Policy) *idle.Ladder { return &p.Idle.Assigned },
	} {
		ladder := func(path string, values []try, set func(*idle.Ladder, any)) {
			each("Idle."+name+path, values, "invalid idle."+strings.ToLower(name), func(p *conversation.Policy, v any) {
				*of(p) = idle.Ladder{Steps: []idle.Step{
					{After: time.Minute, Action: idle.FollowUp, Text: "Still there?"},
					{After: time.Minute, Action: idle.Close},
				}}
				set(of(p), v)
			})
		}
		ladder(".LastSpeaker", tries(join(badEnums, nearly("visitor"))), func(l *idle.Ladder, v any) { l.LastSpeaker = idle.Speaker(v.(string)) })
		ladder(".LastSpeaker", []try{{value: "of no steps"}}, func(l *idle.Ladder, _ any) { *l = idle.Ladder{LastSpeaker: idle.Visitor} })
		ladder(".Off", []try{{value: "with steps"}}, func(l *idle.Ladder, _ any) { l.Off = true })
		ladder(".Steps", []try{{value: "33", v: 33}, {value: "100,000", v: 100_000}}, func(l *idle.Ladder, v any) { l.Steps = slices.Repeat(l.Steps[:1], v.(int)) })
		ladder(".Steps", []try{{value: "nothing but a close"}}, func(l *idle.Ladder, _ any) { l.Steps = l.Steps[1:] })
		ladder(".Steps", []try{{value: "behind a close"}}, func(l *idle.Ladder, _ any) { l.Steps = append(l.Steps, l.Steps...) })
		ladder(".Steps.Action", tries(join(empty, badEnums, nearly("close"))), func(l *idle.Ladder, v any) { l.Steps[1].Action = idle.Action(v.(string)) })
		ladder(".Steps.After", tries(join(negativeDurations, longDurations, []named[time.Duration]{{"none", 0}, {"1 ns", 1}, {"1 ns over", time.Minute + 1}})),
			func(l *idle.Ladder, v any) { l.Steps[0].After = v.(time.Duration) })
		ladder(".Steps.Text", tries(join(empty, badTexts(idle.MaxText))), func(l *idle.Ladder, v any) { l.Steps[0].Text = v.(string) })
		ladder(".Steps.Outcome", tries(join(badEnums, nearly("resolved"))), func(l *idle.Ladder, v any) { l.Steps[1].Outcome = v.(string) })
		ladder(".Steps.Phrase", tries(badTexts(idle.MaxText)), func(l *idle.Ladder, v any) { l.Steps[0].Phrase = v.(string) })
	}
	each("Idle.Assigned.Steps.Phrase", tries(badTexts(idle.MaxText)), "invalid idle.assigned", func(p *conversation.Policy, v any) {
		p.Idle.Assigned = idle.Ladder{Steps: []idle.Step{{After: time.Minute, Action: idle.Prompt, Text: "Ask.", Phrase: v.(string)}}}
	})
	each("Idle", []try{{value: "to and fro"}}, "invalid idle.waiting", func(p *conversation.Policy, _ any) {
		p.Idle.Bot = idle.Ladder{Steps: []idle.Step{{After: 1000, Action: idle.Requeue}}}
		p.Idle.Waiting = idle.Ladder{Steps: []idle.Step{{After: 1000, Action: idle.HandBack}}}
	})
	each("Idle.Assigned", []try{{value: "no bot to hand back to"}}, "invalid idle.assigned", func(p *conversation.Policy, _ any) {
		p.Bot = false
		p.Idle.Assigned = idle.Ladder{Steps: []idle.Step{{After: 1000, Action: idle.HandBack}}}
	})
}

func distinctTags(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = canary + strings.Repeat("a", i%40) + string(rune('a'+i%26)) + strings.Repeat("b", i/40%15)
	}
	return all
}
