package hunting

import (
	"regexp"
	"strings"
)

// maxSelector is how long a text that selects may be.
const maxSelector = 160

// selector is a form of text that names one person, machine or place.
type selector struct {
	re     *regexp.Regexp
	what   string
	weight float64
}

// selectors for whole texts, the most telling first.
var selectors = []selector{
	{regexp.MustCompile(`(?i)^<?(dc:creator|cp:lastmodifiedby|meta:initial-creator|w:author|/author)\W+\w`), "the author of a document", 3},
	{regexp.MustCompile(`(?i)^S-1-5-21-\d+`), "the account of one person or machine", 2},
	{regexp.MustCompile(`(?i)\.(onmicrosoft\.com|sharepoint\.com)`), "one tenant", 2},
	{regexp.MustCompile(`(?i)tenant.?id|^"?tid"?:`), "one tenant", 2},
	{regexp.MustCompile(`(?i)^([a-z]:)?\\?\\?(users|documents and settings)\\\\?[\w.% -]+\\*$`), "the files of one user", 2},
	{regexp.MustCompile(`(?i)^/(home|users)/[\w.-]+/?$`), "the files of one user", 2},
	{regexp.MustCompile(`(?i)\\(documents|desktop|my documents|onedrive)\\?$`), "the documents of a user", 2},
	{regexp.MustCompile(`^\\\\[\w.-]{3,}\\[\w$. -]+`), "the files of one server", 2},
	{regexp.MustCompile(`(?i)^(desktop|laptop|ws|pc|srv|nb|win|wks|host)-[a-z0-9-]{3,15}$`), "one machine", 2},
	{regexp.MustCompile(`^[A-Z]{2}\d{2}( ?[A-Z0-9]{4}){3,7}( ?[A-Z0-9]{1,4})?$`), "one bank account", 2},
	{regexp.MustCompile(`^\+\d[\d ()/-]{7,}$`), "one telephone", 2},
	{regexp.MustCompile(`(?i)^P<[A-Z]{3}[A-Z<]+`), "passports", 2},
	{regexp.MustCompile(`^(\d{4}[ -]?){4}$`), "one bank card", 2},
	{regexp.MustCompile(`^\d{3}-\d{2}-\d{4}$`), "one social security number", 2},
	{regexp.MustCompile(`^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$`), "one network card", 1.5},
	{regexp.MustCompile(`(?i)^"?[\w.+-]*@[\w-]+(\.[\w-]+)+"?$`), "one mail address", 1.5},
	{regexp.MustCompile(`(?i)^(from|to|cc|bcc|reply-to|sender|author|creator|company|lastmodifiedby|username|user|hostname|computername|userdomain)\s*[:=]\s*\S`), "one person or machine", 2},
	{regexp.MustCompile(`^\d{1,3}(\.\d{1,3}){3}$`), "one address of a network", 1},
}

// shapes of numbers that people have, A, a and 0 standing for open letters and digits.
var shapes = []selector{
	{regexp.MustCompile(`^\W*000[- ]?00[- ]?0000\W*$`), "social security numbers", 3},
	{regexp.MustCompile(`^\W*[0-9]{4}[ -]?([0-9]{4}[ -]?){2}[0-9]{1,4}\W*$`), "bank cards", 3},
	{regexp.MustCompile(`^\W*[A-Z]{2}00( ?[Aa0]{4}){2,8} ?[Aa0]{0,4}\W*$`), "bank accounts", 3},
	{regexp.MustCompile(`^\W*A{1,2} ?0{6,9}\W*$`), "passports", 3},
	{regexp.MustCompile(`^\W*00 ?00 ?0{6}\W*$`), "passports", 3},
	{regexp.MustCompile(`^\W*P<[A-Z]{3}`), "passports", 3},
	{regexp.MustCompile(`^\W*\(?\+[0-9]{1,3}\)?[ (/-]*0`), "telephones", 3},
	{regexp.MustCompile(`^\W*a+@a+[\\]?\.a+\W*$`), "mail addresses", 2},
	{regexp.MustCompile(`^\W*0{2}[./-]0{2}[./-]0{4}\W*$`), "dates, such as those of birth", 1.5},
}

func selected(text string) (selector, bool) {
	text = strings.TrimSpace(text)
	if len(text) > maxSelector {
		return selector{}, false
	}
	for _, s := range selectors {
		if s.re.MatchString(text) {
			return s, true
		}
	}
	return selector{}, false
}

func selectedShape(shape string) (selector, bool) {
	if !strings.ContainsAny(shape, "0@<") {
		return selector{}, false
	}
	for _, s := range shapes {
		if s.re.MatchString(shape) {
			return s, true
		}
	}
	return selector{}, false
}

// treasure is what thieves and spies look for in the files of others.
type treasure struct {
	re     *regexp.Regexp
	what   string
	weight float64
}

var treasures = []treasure{
	{regexp.MustCompile(`BEGIN [A-Z ]*PRIVATE KEY|PuTTY-User-Key-File|BEGIN PGP (PRIVATE|MESSAGE)|openssh-key-v1|AGE-SECRET-KEY`), "private keys and sealed messages", 3},
	{regexp.MustCompile(`(?i)^[\\/~.\w]*(id_(rsa|dsa|ecdsa|ed25519)|\.ssh/?|\.gnupg/?)$`), "keys of SSH", 3},
	{regexp.MustCompile(`(?i)(authorized_keys|known_hosts)$`), "files of SSH", 1.5},
	{regexp.MustCompile(`(?i)(^|[\\/*. ])(wallet\.(dat|aes)|[\w*-]*\.wallet|keystore|electrum|metamask|seed phrase|mnemonic)\b`), "wallets", 3},
	{regexp.MustCompile(`(?i)^[\\/*.\w% -]*\.(pst|ost|mbox|kdbx?|ppk|ovpn)[\\"']?$|(?i)^[\w -]*(password|passwort|salar|payroll|budget|secret|contract|invoice|kunden|gehalt)[\w -]*\.(docx?|xlsx?|pdf|txt|csv|odt)$`), "stores of mail, keys or secrets", 3},
	{regexp.MustCompile(`(?i)^[\\/*.\w% -]*\.(msg|eml|pfx|p12|pem|key|rdp|docx?|xlsx?|pptx?|pdf|rtf|odt|csv|txt|dwg)[\\"']?$`), "files of documents, mail or keys", 2},
	{regexp.MustCompile(`(?i)(^|\W)(AKIA[0-9A-Z]{4,}|aws_secret_access_key|ghp_|xox[bp]-|AIza|-----BEGIN)`), "keys of accounts", 2.5},
	{regexp.MustCompile(`(?i)^\W*(pass(word|wd|phrase)?|pwd|login|user(name)?|api.?key|token|client.?secret|secret.?key|access.?key|пароль|логин|passwort|kennwort|contrase(ñ|n)a|mot de passe|senha|密码|密碼|パスワード|비밀번호)s?\W*$`), "passwords", 2.5},
	{regexp.MustCompile(`(?i)^(!BDN|Login Data|logins\.json|key[34]\.db|cookies\.sqlite|Web Data|Standard Jet DB|KeePass.*|\x03\xd9\xa2\x9a.*)$`), "stores of mail and passwords", 3},
}

func treasured(text string) (best treasure, ok bool) {
	if len(text) > maxSelector {
		return best, false
	}
	for _, t := range treasures {
		if t.weight > best.weight && t.re.MatchString(text) {
			best = t
		}
	}
	return best, best.weight > 0
}
