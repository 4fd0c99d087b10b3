package message

import (
	"regexp"
	"sync"
)

// Failure is the kind of reason why a mail was not delivered.
type Failure string

// The kinds. What no pattern knows has no kind.
const (
	FailedUser     Failure = "user_unknown"
	FailedFull     Failure = "mailbox_full"
	FailedHost     Failure = "host_unknown"
	FailedDisabled Failure = "disabled"
	FailedMoved    Failure = "moved"
	FailedSize     Failure = "too_big"
	FailedSpam     Failure = "spam"
	FailedVirus    Failure = "virus"
	FailedPolicy   Failure = "policy"
	FailedBlocked  Failure = "blocked"
	FailedRelay    Failure = "relay_denied"
	FailedRate     Failure = "too_many"
	FailedExpired  Failure = "expired"
	FailedNetwork  Failure = "unreachable"
	FailedSystem   Failure = "system"
)

// Swedish is the reason in plain Swedish; empty for an unknown kind.
func (f Failure) Swedish() string { return f.words().sv }

// English is the reason in plain English; empty for an unknown kind.
func (f Failure) English() string { return f.words().en }

type reasonWords struct{ sv, en string }

func (f Failure) words() reasonWords {
	switch f {
	case FailedUser:
		return reasonWords{"Adressen finns inte.", "The address does not exist."}
	case FailedFull:
		return reasonWords{"Mottagarens brevlåda är full.", "The recipient's mailbox is full."}
	case FailedHost:
		return reasonWords{"Adressens domän finns inte eller tar inte emot mejl.", "The domain of the address does not exist or takes no mail."}
	case FailedDisabled:
		return reasonWords{"Mottagarens konto är avstängt.", "The recipient's account is disabled."}
	case FailedMoved:
		return reasonWords{"Mottagaren har bytt adress.", "The recipient has moved to another address."}
	case FailedSize:
		return reasonWords{"Mejlet är för stort för mottagaren.", "The mail is too big for the recipient."}
	case FailedSpam:
		return reasonWords{"Mejlet togs för skräppost.", "The mail was taken for spam."}
	case FailedVirus:
		return reasonWords{"Mejlet togs för skadligt.", "The mail was taken for harmful."}
	case FailedPolicy:
		return reasonWords{"Mottagarens regler tillåter inte mejlet.", "The recipient's rules do not allow the mail."}
	case FailedBlocked:
		return reasonWords{"Mottagaren tar inte emot mejl från vår server.", "The recipient takes no mail from our server."}
	case FailedRelay:
		return reasonWords{"Servern tar inte emot mejl till den adressen.", "The server takes no mail for that address."}
	case FailedRate:
		return reasonWords{"Mottagaren tog inte emot så många mejl på en gång.", "The recipient did not take so many mails at once."}
	case FailedExpired:
		return reasonWords{"Mottagarens server tog inte emot mejlet i tid.", "The recipient's server did not take the mail in time."}
	case FailedNetwork:
		return reasonWords{"Mottagarens server gick inte att nå.", "The recipient's server could not be reached."}
	case FailedSystem:
		return reasonWords{"Fel i mottagarens mejlsystem.", "Trouble in the recipient's mail system."}
	}
	return reasonWords{}
}

type reasonRule struct {
	kind    Failure
	pattern *regexp.Regexp
}

// reasonRules tells the kind from a remote's words, first hit wins: the narrow before the broad. RFC 3463 codes come
// after the words, as many servers give 5.1.1 or 5.7.1 to all that they refuse.
var reasonRules = sync.OnceValue(func() []reasonRule {
	rule := func(kind Failure, pattern string) reasonRule {
		return reasonRule{kind, regexp.MustCompile(`(?i)` + pattern)}
	}
	return []reasonRule{
		rule(FailedVirus, `virus|malware|infected|trojan|skadlig kod`),
		rule(FailedSize, `too (?:big|large)|exceed\w* (?:the )?(?:maximum |fixed |allowed |server'?s? )*(?:message |mail )*(?:size|limit)|size (?:limit|exceeds)|för stort|zu gro(?:ß|ss)|\b5\.(?:3\.4|2\.3)\b`),
		rule(FailedFull, `mailbox (?:is )?full|(?:over|out of|exceed\w*|beyond).{0,30}(?:quota|storage|disk)|quota (?:exceed|full|violat)|(?:mailbox|mail folder|disk|storage).{0,30}(?:exceed|full|quota|limit)|not enough (?:storage|space)|insufficient (?:system )?storage|exceeded the local limit|överfull|är full|fuld\b|on täynnä|voll\b|pleine|llena|piena|cheia|vol\b|一杯|いっぱい|已满|\b[45]\.2\.2\b`),
		rule(FailedDisabled, `(?:account|mailbox|user|address|recipient)\S*(?: \S+){0,4} (?:disabled|suspended|inactive|deactivated|expired|locked|closed|discontinued|not active)|disabled (?:user|mailbox|account)|inactive (?:user|account)|avstängt|\b[45]\.2\.1\b`),
		rule(FailedMoved, `has moved|no longer (?:works|at|with|employed)|new address is|has changed (?:his|her|its|e-?mail)|address (?:has )?changed|slutat|\b5\.1\.6\b`),
		rule(FailedRate, `too many (?:connections|messages|recipients|mails|concurrent)|rate.?limit|(?:connection|message) rate|throttl|sending too|\b4\.7\.28\b`),
		rule(FailedSpam, `\bspam\b|\bspammy|junk mail|unsolicited|bulk mail|content (?:filter|reject|block)|blacklisted url|skräppost`),
		rule(FailedRelay, `relay(?:ing)? (?:access )?(?:denied|not (?:permitted|allowed))|not (?:permitted|allowed) to relay|unable to relay|no relay|relaying denied|rcpthosts`),
		rule(FailedBlocked, `block(?:ed|list)|blacklist|black ?list|reputation|\bdnsbl\b|\brbl\b|spamhaus|reverse dns|ptr record|\bbanned\b|access denied|client host|rejected from|ip address`),
		rule(FailedPolicy, `\bspf\b|\bdkim\b|\bdmarc\b|policy|not (?:authori[sz]ed|permitted|allowed)|authenticat|prohibited|attachment type|requires? (?:tls|starttls|confirmation)|must issue|administrative|sender (?:address )?(?:rejected|denied)|restricted`),
		rule(FailedHost, `host (?:unknown|not found)|unknown host|domain (?:name )?(?:not found|does(?:n't| not) exist|unknown)|no such (?:host|domain)|nxdomain|name (?:or service )?not (?:known|found)|null ?mx|couldn'?t find any host|unrouteable|unroutable|(?:bad|invalid|illegal) (?:destination|host|domain)|no mx|mx (?:record|lookup)|dns (?:lookup|error)|name server|domännamn|\b[45]\.1\.2\b|\b5\.4\.4\b`),
		rule(FailedUser, `(?:user|recipient|mailbox|account|address|local part|local-part)\S*(?: \S+){0,4}? (?:unknown|not (?:found|known|exist|listed|available)|does(?:n't| not) exist|invalid|unavailable|isn't|not recogni[sz]ed|rejected)|(?:unknown|invalid|no such|nonexistent|bad|not a valid|not a known|unrecogni[sz]ed) (?:\S+ ){0,3}?(?:user|recipient|mailbox|account|address|local)|doesn'?t have (?:a|an) .{1,60} account|no (?:such )?(?:mailbox|user|person|valid recipients?)|not listed in|does not like recipient|finns inte|finnes ikke|findes ikke|ei löydy|existiert nicht|unbekannt|inconnu|desconocid|no existe|sconosciut|inesistent|não existe|onbekend|bestaat niet|存在しません|ありません|不存在|не найден|не существует|\b[45]\.1\.(?:1|0|10)\b`),
		rule(FailedExpired, `expired|retry (?:timeout|time|limit)|timeout exceeded|(?:gave|giving|given) up|too long|(?:for|after|in) (?:the last )?\d+(?:\.\d+)? (?:days?|hours?|minutes|attempts)|delivery failed \d+ attempts|\b[45]\.4\.7\b`),
		rule(FailedNetwork, `connection (?:timed out|refused|reset|dropped|lost|failed)|(?:timed|time) out|lost connection|(?:host|network|server|destination)\S* (?:is )?(?:not reachable|unreachable|down|not available)|could ?n[o']t (?:be )?(?:connect|establish|reach)|no route to host|socket error|not accept\S* .{0,30}connect|\b[45]\.4\.[1-6]\b`),
		rule(FailedSystem, `system error|configuration|internal error|i/o error|mail loop|loop|too many hops|temporary failure|server error|command died|service (?:unavailable|not available)|\b[45]\.3\.\d\b`),
	}
})

// reasonOf tells the kind of reason from a remote's words.
func reasonOf(said string) Failure {
	said = cutRunes(said, 4<<10)
	for _, r := range reasonRules() {
		if r.pattern.MatchString(said) {
			return r.kind
		}
	}
	return ""
}
