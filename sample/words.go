package sample

// Names are among the most frequent in Sweden; streets, firms and the town are made up, and every domain is reserved for examples (RFC 2606).

func firstNames() []string {
	return []string{"Anna", "Eva", "Maria", "Karin", "Sara", "Lena", "Kerstin", "Emma", "Ingrid", "Marie", "Birgitta", "Malin", "Jenny", "Annika", "Ulla", "Elsa", "Fatima", "Amina", "Maja", "Linnea",
		"Lars", "Mikael", "Anders", "Johan", "Per", "Erik", "Karl", "Peter", "Thomas", "Jan", "Daniel", "Fredrik", "Andreas", "Mohamed", "Ali", "Hassan", "Oskar", "Nils", "Åke", "Björn"}
}

func lastNames() []string {
	return []string{"Andersson", "Johansson", "Karlsson", "Nilsson", "Eriksson", "Larsson", "Olsson", "Persson", "Svensson", "Gustafsson", "Pettersson", "Jonsson", "Jansson", "Hansson", "Bengtsson",
		"Lindberg", "Jakobsson", "Lindström", "Lindqvist", "Bergström", "Axelsson", "Lundgren", "Berggren", "Sandberg", "Ali", "Mohamed", "Hassan", "Nyström", "Holmgren", "Åberg", "Öberg", "Kovač", "Nguyen"}
}

func quarters() []string {
	return []string{"Eken", "Linden", "Asken", "Björken", "Hasseln", "Rönnen", "Almen", "Tallen"}
}

func streets() []string {
	return []string{"Ekgatan", "Lindvägen", "Askgränd", "Björkgatan", "Hasselvägen", "Rönngatan", "Almgränd", "Tallvägen"}
}

func firms() []string {
	return []string{"Norra", "Södra", "Ekstads", "Lundins", "Bergs", "Mälar", "Dala", "Kust"}
}

// trades are what suppliers do: the trade, how such firms are called, and the top class that is theirs.
func trades() [][3]string {
	return [][3]string{
		{"VVS", "Rör", "VVS"}, {"El", "El", "El"}, {"Värme", "Värmeservice", "Värme"}, {"Vitvaror", "Vitvaruservice", "Kök"}, {"Lås", "Låssmide", "Lås och dörrar"},
		{"Tvättutrustning", "Tvättmaskinservice", "Tvättstuga"}, {"Hiss", "Hisservice", "Hiss"}, {"Mark", "Mark och trädgård", "Utemiljö"}, {"Ventilation", "Ventilation", "Ventilation"}, {"Måleri", "Måleri", "Ytskikt"},
	}
}

// defect is a kind of thing that breaks.
type defect struct {
	class, subject, text string
	weight               int         // how often, beside the others
	season               [12]float64 // by month; zero: always alike
	shared               bool        // in what all tenants use
	order                float64     // how often a supplier is needed
	article              string      // that is changed
	ore                  int64
}

func winter() [12]float64 { return [12]float64{3, 3, 2, 1, 0.3, 0.1, 0.1, 0.1, 0.5, 1.5, 2.5, 3} }
func summer() [12]float64 { return [12]float64{0.3, 0.3, 0.5, 0.8, 1.5, 2, 2.5, 2, 1, 0.5, 0.3, 0.3} }

func defects() []defect {
	return []defect{
		{class: "VVS > Blandare", subject: "Droppande kran i köket", text: "Kranen droppar även när den är stängd.", weight: 14, order: 0.3, article: "packning", ore: 4500},
		{class: "VVS > Avlopp", subject: "Stopp i avloppet i badrummet", text: "Vattnet rinner undan mycket långsamt i golvbrunnen.", weight: 12, order: 0.5, article: "spolning", ore: 89000},
		{class: "VVS > Toalett", subject: "Toaletten rinner hela tiden", text: "Det rinner vatten i stolen och hörs hela natten.", weight: 10, order: 0.3, article: "flottörventil", ore: 21500},
		{class: "Värme > Element", subject: "Kalla element", text: "Elementen i vardagsrummet är kalla fast termostaten står på fem.", weight: 14, season: winter(), order: 0.35, article: "termostat", ore: 34900},
		{class: "Värme > Varmvatten", subject: "Dåligt med varmvatten", text: "Det tar flera minuter innan vattnet blir varmt.", weight: 6, season: winter(), order: 0.5, article: "cirkulationspump", ore: 412000},
		{class: "El > Uttag", subject: "Ett uttag fungerar inte", text: "Uttaget i sovrummet är dött. Säkringen är hel.", weight: 6, order: 0.8, article: "vägguttag", ore: 8900},
		{class: "El > Belysning", subject: "Lampan i trapphuset är trasig", text: "Det är mörkt mellan plan 2 och 3.", weight: 9, season: winter(), shared: true, order: 0.2, article: "armatur", ore: 64000},
		{class: "El > Porttelefon", subject: "Porttelefonen är stum", text: "Det ringer men ingen hörs.", weight: 4, shared: true, order: 0.9, article: "handenhet", ore: 98000},
		{class: "Kök > Spis", subject: "En platta blir inte varm", text: "Främre vänstra plattan fungerar inte.", weight: 8, order: 0.8, article: "värmeplatta", ore: 72000},
		{class: "Kök > Kyl och frys", subject: "Frysen är full av is", text: "Den går hela tiden och håller ändå bara minus nio.", weight: 8, season: summer(), order: 0.8, article: "tätningslist", ore: 56000},
		{class: "Lås och dörrar > Lägenhetsdörr", subject: "Dörren går trögt att låsa", text: "Man får lyfta i dörren för att kunna låsa.", weight: 6, order: 0.5, article: "låscylinder", ore: 118000},
		{class: "Lås och dörrar > Port", subject: "Porten går inte igen", text: "Dörrstängaren orkar inte när det blåser.", weight: 5, shared: true, order: 0.6, article: "dörrstängare", ore: 245000},
		{class: "Tvättstuga > Maskin", subject: "Tvättmaskinen tar inte in vatten", text: "Maskin 2 stannar och visar E13.", weight: 9, shared: true, order: 0.9, article: "inloppsventil", ore: 87000},
		{class: "Hiss > Stopp", subject: "Hissen står stilla", text: "Den står på plan 1 med öppna dörrar.", weight: 4, shared: true, order: 1, article: "dörrkontakt", ore: 163000},
		{class: "Utemiljö > Snö", subject: "Halt på gården", text: "Gången till miljöboden är inte sandad.", weight: 6, season: [12]float64{4, 4, 2, 0.2, 0, 0, 0, 0, 0, 0.1, 1.5, 4}, shared: true, order: 0.7},
		{class: "Utemiljö > Miljöbod", subject: "Miljöboden är överfull", text: "Det står påsar utanför kärlen.", weight: 6, season: summer(), shared: true, order: 0.5},
		{class: "Ventilation > Frånluft", subject: "Det drar dåligt i badrummet", text: "Spegeln är immig en halvtimme efter duschen.", weight: 5, order: 0.6, article: "don", ore: 29000},
		{class: "Ytskikt > Vägg", subject: "Fuktfläck på väggen", text: "Fläcken vid fönstret har blivit större.", weight: 3, order: 0.7, article: "färg", ore: 46000},
	}
}

// classDays is the deadline of each top class in days.
func classDays() map[string]int {
	return map[string]int{"VVS": 5, "El": 5, "Värme": 1, "Kök": 10, "Lås och dörrar": 5, "Tvättstuga": 5, "Hiss": 1, "Utemiljö": 7, "Ventilation": 14, "Ytskikt": 28}
}
