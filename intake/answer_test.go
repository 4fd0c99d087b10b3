package intake_test

import (
	"testing"

	"smartmail/casework"
	"smartmail/desk"
	"smartmail/mailauth/verdict"
)

// What we sent on a lane tells what an answer quotes, where nothing else marks it; and a replay reads it the same way.
func TestAnswersAreHeldAgainstWhatWeSent(t *testing.T) {
	const (
		question = "Hej! Vi behöver veta två saker innan rörmokaren kan komma hem till dig.\n\nVilken dag nästa vecka passar dig bäst för besöket?\n\nHar du husdjur som rörmokaren behöver känna till när han kommer?"
		outlook  = "Från: Ärende 1\nSkickat: den 24 november 2026 10:00\nTill: Anna\nÄmne: Kran [#1]\n\n"
	)
	staff := casework.Actor{Via: casework.ViaAPI, Name: "Eva"}
	for _, tt := range []struct{ name, body, text string }{
		{"on top, as Outlook has it", "Tisdag, och en katt.\n\n" + outlook + question, "Tisdag, och en katt."},
		{"on top, with nothing between", "Tisdag, och en katt.\n\n" + question, "Tisdag, och en katt."},
		{"between the lines, of which none is marked",
			outlook + "Hej! Vi behöver veta två saker innan rörmokaren kan komma hem till dig.\n\nVilken dag nästa vecka passar dig bäst för besöket?\n\nTisdag går bra.\n\n" +
				"Har du husdjur som rörmokaren behöver känna till när han kommer?\n\nEn katt som är snäll.",
			"Hej! Vi behöver veta två saker innan rörmokaren kan komma hem till dig.\n\nVilken dag nästa vecka passar dig bäst för besöket?\n\nTisdag går bra.\n\nHar du husdjur som rörmokaren behöver känna till när han kommer?\n\nEn katt som är snäll."},
		{"below, under a header block", outlook + question + "\n\nTisdag, och en katt.", "Tisdag, och en katt."},
		{"a line of her own that nothing announces", "Hej! Det droppar mer nu. Vilken dag nästa vecka vet jag inte.", "Hej! Det droppar mer nu. Vilken dag nästa vecka vet jag inte."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			h.says(verdict.Pass, "none")
			h.must(letter("Anna <anna@home.example>", "Kran", "1@home", "", "Det droppar."), fel)
			if _, _, err := h.desk.Do(t.Context(), "a", 1, casework.Post{Lane: "customer", Text: question}, staff, 0); err != nil {
				t.Fatal(err)
			}
			h.must(letter("Anna <anna@home.example>", "SV: Kran", "2@home", "", tt.body), h.address("a", 1, 1))
			check := func() {
				t.Helper()
				mails := h.mails("a", 1)
				if c := mails[len(mails)-1].Mail.Content; c.Text != tt.text || c.FullText != tt.body {
					t.Errorf("text %q\nfull %q", c.Text, c.FullText)
				}
				if r, err := h.desk.Replay(t.Context(), "a", false, func(l string) { t.Error(l) }); err != nil || r.Changed != 0 {
					t.Errorf("replay: %+v, %v", r, err)
				}
			}
			check()
			// What is said later changes nothing of it.
			if _, _, err := h.desk.Do(t.Context(), "a", 1, casework.Post{Lane: "customer", Text: tt.body}, staff, 0); err != nil {
				t.Fatal(err)
			}
			check()
		})
	}
}

// A mail that a person puts on a case from triage is read as if it had come there by itself, until that is taken back.
func TestAnswersFromTriageAreHeldAgainstWhatWeSent(t *testing.T) {
	h := newHouse(t)
	staff := casework.Actor{Via: casework.ViaAPI, Name: "Eva"}
	const said = "Rörmokaren kommer på tisdag klockan tio och byter packningen i kranen i köket."
	h.must(letter("Anna <anna@home.example>", "Kran", "1@home", "", "Det droppar."), fel)
	if _, _, err := h.desk.Do(t.Context(), "a", 1, casework.Post{Lane: "customer", Text: said}, staff, 0); err != nil {
		t.Fatal(err)
	}
	const body = "Det går bra.\n\n" + said
	h.must(letter("Anna <anna@home.example>", "Kran", "2@home", "Auto-Submitted: auto-replied\n", body), fel)
	queue, err := h.desk.TriageQueue(t.Context(), "a", casework.TriageOpen, nil, 10)
	if err != nil || len(queue.Items) != 1 {
		t.Fatalf("%+v, %v", queue, err)
	}
	for _, step := range []struct {
		order desk.TriageOrder
		text  string
	}{
		{desk.TriageOrder{Action: desk.Attach, Case: 1, By: staff}, "Det går bra."},
		{desk.TriageOrder{Action: desk.Undo, By: staff}, body},
	} {
		v, err := h.desk.Triage(t.Context(), "a", queue.Items[0].TriageItem.ID, step.order)
		if err != nil || v.Mail.Content.Text != step.text {
			t.Errorf("%s: text %q, %v", step.order.Action, v.Mail.Content.Text, err)
		}
		if r, err := h.desk.Replay(t.Context(), "a", false, func(l string) { t.Error(l) }); err != nil || r.Changed != 0 {
			t.Errorf("%s: replay: %+v, %v", step.order.Action, r, err)
		}
	}
	h.sound()
}
