package syntax

import (
	"strings"
	"testing"
)

func parseCondition(t *testing.T, cond string, o Options) string {
	t.Helper()
	f, errs := Parse("t.yar", []byte("rule t { condition: "+cond+" }"), o)
	if len(errs) > 0 {
		t.Errorf("%s: %v", cond, errs)
		return ""
	}
	return dump(f.Items[0].(*Rule).Condition)
}

type exprCase struct{ in, want string }

func checkConditions(t *testing.T, o Options, cases []exprCase) {
	t.Helper()
	for _, c := range cases {
		if got := parseCondition(t, c.in, o); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestLiterals(t *testing.T) {
	checkConditions(t, Options{}, []exprCase{
		{`true`, `true`},
		{`false`, `false`},
		{`0`, `0`},
		{`9223372036854775807`, `9223372036854775807`},
		{`0x7fffFFFFffffFFFF`, `9223372036854775807`},
		{`0o777`, `511`},
		{`1KB`, `1024`},
		{`2MB`, `2097152`},
		{`1.5`, `1.5f`},
		{`"a\"\\\t\n\r\x00\xfF"`, `"a\"\\\t\n\r\x00\xff"`},
		{"\"caf\xe9\"", `"caf\xe9"`},
		{"\"\"\"two\n\\\"lines\"\"\"", `"two\n\"lines"`},
		{`""`, `""`},
		{`filesize`, `filesize`},
		{`entrypoint`, `entrypoint`},
		{`/a\/b["]/`, `(re "a\\/b[\"]")`},
		{`/a/i`, `(re "a" i)`},
		{`/a/s`, `(re "a" s)`},
		{`/a/is`, `(re "a" i s)`},
		{`/a/si`, `(re "a" i s)`},
	})
}

func TestPrecedence(t *testing.T) {
	checkConditions(t, Options{}, []exprCase{
		{`a or b and c or d`, `(or a (and b c) d)`},
		{`a and b and c`, `(and a b c)`},
		{`a and (b and c)`, `(and a (and b c))`},
		{`not a and b`, `(and (not a) b)`},
		{`not a == b`, `(not (== a b))`},
		{`not defined not a`, `(not (defined (not a)))`},
		{`defined a.b == 1 or c`, `(or (defined (== (. a b) 1)) c)`},
		{`a | b ^ c & d << e + f * g`, `(| a (^ b (& c (<< d (+ e (* f g))))))`},
		{`a * b + c << d & e ^ f | g`, `(| (^ (& (<< (+ (* a b) c) d) e) f) g)`},
		{`a - b - c`, `(- (- a b) c)`},
		{`a \ b % c * d`, `(* (% (\ a b) c) d)`},
		{`a >> 1 << 2`, `(<< (>> a 1) 2)`},
		{`- -a * ~b`, `(* (neg (neg a)) (~ b))`},
		{`-1 + -1.5`, `(+ (neg 1) (neg 1.5f))`},
		{`(a + b) * c`, `(* (+ a b) c)`},
		{`a + 1 == b | 2`, `(== (+ a 1) (| b 2))`},
		{`a != b`, `(!= a b)`},
		{`!a!=!b`, `(!= !a !b)`},
		{`a < 1 and a <= 1 and a > 1 and a >= 1`, `(and (< a 1) (<= a 1) (> a 1) (>= a 1))`},
		{`(((a)) == (b))`, `(== a b)`},
	})
}

func TestTextOperators(t *testing.T) {
	for _, op := range []string{
		"contains", "icontains", "startswith", "istartswith", "endswith", "iendswith", "iequals",
	} {
		checkConditions(t, Options{}, []exprCase{{`a ` + op + ` "x" and b`, `(and (` + op + ` a "x") b)`}})
	}
	checkConditions(t, Options{}, []exprCase{
		{`a matches /x y/i or b`, `(or (matches a (re "x y" i)) b)`},
		{`not a contains "b"`, `(not (contains a "b"))`},
	})
}

func TestNames(t *testing.T) {
	checkConditions(t, Options{}, []exprCase{
		{`pe.sections[0].name`, `(. (index (. pe sections) 0) name)`},
		{`pe.version_info["CompanyName"] contains "x"`, `(contains (index (. pe version_info) "CompanyName") "x")`},
		{`f()`, `(call f)`},
		{`m.f(1, "a", /r/i, a == b, not c)`, `(call (. m f) 1 "a" (re "r" i) (== a b) (not c))`},
		{`uint16be(uint32(0x3c) + 4) == 0x4550`, `(== (call uint16be (+ (call uint32 60) 4)) 17744)`},
		{`a.len() > 1`, `(> (call (. a len)) 1)`},
		{`a[i + 1][2](3)`, `(call (index (index a (+ i 1)) 2) 3)`},
		{`with == 1 and include`, `(and (== with 1) include)`},
	})
}

func TestStringExpressions(t *testing.T) {
	checkConditions(t, Options{}, []exprCase{
		{`$a`, `$a`},
		{`$_1`, `$_1`},
		{`$a at 0`, `(at $a 0)`},
		{`$a at x + 1 and b`, `(and (at $a (+ x 1)) b)`},
		{`$a in (0..filesize - 10)`, `(in $a (.. 0 (- filesize 10)))`},
		{`#a`, `#a`},
		{`#a == 2`, `(== #a 2)`},
		{`#a in (1..2) > 3`, `(> (in #a (.. 1 2)) 3)`},
		{`@a`, `@a`},
		{`@a[#a]`, `(at @a #a)`},
		{`!a`, `!a`},
		{`!a[1] + 2`, `(+ (at !a 1) 2)`},
		{`#a*2`, `(* #a 2)`},
		{`$a in ((1)..(#b))`, `(in $a (.. 1 #b))`},
	})
}

func TestOf(t *testing.T) {
	checkConditions(t, Options{}, []exprCase{
		{`any of them`, `(of any them)`},
		{`all of ($a, $b*)`, `(of all (strings $a $b*))`},
		{`none of ($*)`, `(of none (strings $*))`},
		{`2of them`, `(of 2 them)`},
		{`(1) of them`, `(of 1 them)`},
		{`(#a + 1) of them`, `(of (+ #a 1) them)`},
		{`#a - 1 of them and b`, `(and (of (- #a 1) them) b)`},
		{`-1 of them`, `(of (neg 1) them)`},
		{`50% of them`, `(of (% 50) them)`},
		{`50%of($a*)`, `(of (% 50) (strings $a*))`},
		{`1050%100% of them`, `(of (% (% 1050 100)) them)`},
		{`x % 2 of them`, `(of (% x 2) them)`},
		{`any of ($a) at 0`, `(at (of any (strings $a)) 0)`},
		{`any of them at 1 + 1`, `(at (of any them) (+ 1 1))`},
		{`any of them in (0..10)`, `(in (of any them) (.. 0 10))`},
		{`not any of them or true`, `(or (not (of any them)) true)`},
		{`any of (r1, r2*)`, `(of any (rules r1 r2*))`},
		{`any of (r1)`, `(of any (rules r1))`},
		{`1 of (r * )`, `(of 1 (rules r*))`},
		{`(any of them)`, `(of any them)`},
		{`2 of ($a,$b) and 1 of ($c)`, `(and (of 2 (strings $a $b)) (of 1 (strings $c)))`},
	})
}

func TestOfConditions(t *testing.T) {
	checkConditions(t, Options{}, []exprCase{
		{`all of (true, false)`, `(of all (exprs true false))`},
		{`1 of (1 == 0, a)`, `(of 1 (exprs (== 1 0) a))`},
		{`any of (a, not b)`, `(of any (exprs a (not b)))`},
		{`any of (a * b, c)`, `(of any (exprs (* a b) c))`},
		{`any of ($a, $b at 1)`, `(of any (exprs $a (at $b 1)))`},
		{`any of ((a), b)`, `(of any (exprs a b))`},
		{`all of (all of (true, true), none of them)`, `(of all (exprs (of all (exprs true true)) (of none them)))`},
	})
	checkConditions(t, Options{YARAX: true}, []exprCase{
		{`any of (a, b)`, `(of any (exprs a b))`},
		{`any of (a, b*)`, `(of any (rules a b*))`},
		{`any of ($a, $b)`, `(of any (strings $a $b))`},
	})
}

func TestFor(t *testing.T) {
	checkConditions(t, Options{}, []exprCase{
		{`for any of them : ($)`, `(for-of any them $)`},
		{`for all of ($a*, $b) : (# > 1 and @ < 2 and ! == 3)`,
			`(for-of all (strings $a* $b) (and (> # 1) (< @ 2) (== ! 3)))`},
		{`for 2 of ($*) : ($ at 0 or @[1] == !["x"] or # in (1..2) == 1 or $ in (1..2))`,
			`(for-of 2 (strings $*) (or (at $ 0) (== (at @ 1) (at ! "x")) (== (in # (.. 1 2)) 1) (in $ (.. 1 2))))`},
		{`for any of them : (for any i in (1..#) : (@[i] == 1))`,
			`(for-of any them (for-in any i (.. 1 #) (== (at @ i) 1)))`},
		{`for all i in (1..#a) : (@a[i] < 10)`, `(for-in all i (.. 1 #a) (< (at @a i) 10))`},
		{`for any k, v in pe.version_info : (k == v)`, `(for-in any k,v (. pe version_info) (== k v))`},
		{`for any s in pe.sections : (s.name == ".text")`,
			`(for-in any s (. pe sections) (== (. s name) ".text"))`},
		{`for 1 i in (1, 2+3, x) : (i)`, `(for-in 1 i (tuple 1 (+ 2 3) x) i)`},
		{`for none x in ("a", "b") : (x == "a")`, `(for-in none x (tuple "a" "b") (== x "a"))`},
		{`for #a + 1 i in (1) : (true)`, `(for-in (+ #a 1) i (tuple 1) true)`},
		{`for x % y i in (1..2) : (true)`, `(for-in (% x y) i (.. 1 2) true)`},
		{`for 50% i in (0..10) : (i < 6)`, `(for-in (% 50) i (.. 0 10) (< i 6))`},
		{`for 50% k, v in d : (k)`, `(for-in (% 50) k,v d k)`},
		{`for 50% of them : ($)`, `(for-of (% 50) them $)`},
		{`for (50 % i) i in ((1)..2) : (true)`, `(for-in (% 50 i) i (.. 1 2) true)`},
		{`for any i in (1.0, 2.0) : (i > 1.5) and b`, `(and (for-in any i (tuple 1f 2f) (> i 1.5f)) b)`},
		{`for all i in f(1).x[2] : (i)`, `(for-in all i (index (. (call f 1) x) 2) i)`},
	})
}

func TestWith(t *testing.T) {
	cases := []exprCase{
		{`with a = 1 + 1 : (a == 2)`, `(with (= a (+ 1 1)) (== a 2))`},
		{`with a = 1, b = pe.x[0] : (a == b) and c`, `(and (with (= a 1) (= b (index (. pe x) 0)) (== a b)) c)`},
		{`for any i in (1..2) : (with one = i : (one == 1))`,
			`(for-in any i (.. 1 2) (with (= one i) (== one 1)))`},
	}
	checkConditions(t, Options{}, cases)
	checkConditions(t, Options{YARAX: true}, cases)
}

func TestChainsOfComparisons(t *testing.T) {
	checkConditions(t, Options{YARAX: true}, []exprCase{
		{`a == b == c`, `(== (== a b) c)`},
		{`a < b < c`, `(< (< a b) c)`},
		{`a == b < c != d`, `(!= (== a (< b c)) d)`},
	})
	_, errs := Parse("", []byte(`rule t { condition: a == b < c }`), Options{})
	if len(errs) != 1 || !strings.Contains(errs[0].Message, `unexpected "<" behind a condition`) {
		t.Errorf("YARA 4: %v", errs)
	}
}

func TestPositionsOfExpressions(t *testing.T) {
	src := "rule t { condition:\n  a.b(1) + 2 == -3 and\n\t(any of ($a) or $b at 5)\n}"
	f, errs := Parse("", []byte(src), Options{})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	want := []struct {
		text string
		at   Pos
	}{
		{`(and (== (+ (call (. a b) 1) 2) (neg 3)) (or (of any (strings $a)) (at $b 5)))`, Pos{2, 20}},
		{`(== (+ (call (. a b) 1) 2) (neg 3))`, Pos{2, 14}},
		{`(+ (call (. a b) 1) 2)`, Pos{2, 10}},
		{`(call (. a b) 1)`, Pos{2, 3}},
		{`(. a b)`, Pos{2, 3}},
		{`a`, Pos{2, 3}},
		{`1`, Pos{2, 7}},
		{`2`, Pos{2, 12}},
		{`(neg 3)`, Pos{2, 17}},
		{`3`, Pos{2, 18}},
		{`(or (of any (strings $a)) (at $b 5))`, Pos{3, 15}},
		{`(of any (strings $a))`, Pos{3, 3}},
		{`(at $b 5)`, Pos{3, 18}},
		{`5`, Pos{3, 24}},
	}
	i := 0
	Walk(f.Items[0].(*Rule).Condition, func(e Expr) bool {
		if i < len(want) && (dump(e) != want[i].text || e.Pos() != want[i].at) {
			t.Errorf("node %d: %s at %v, want %s at %v", i, dump(e), e.Pos(), want[i].text, want[i].at)
		}
		i++
		return true
	})
	if i != len(want) {
		t.Errorf("%d nodes, want %d", i, len(want))
	}
}

func TestFlipped(t *testing.T) {
	for op, want := range map[Op]Op{Lt: Gt, Gt: Lt, Le: Ge, Ge: Le, Eq: Eq, Ne: Ne, Contains: Contains} {
		if got := op.Flipped(); got != want || got.Flipped() != op {
			t.Errorf("operator %d is flipped to %d", op, got)
		}
	}
}
