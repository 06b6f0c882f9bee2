// Each function that an expression may use in Kubernetes v1.36 (apiserver/pkg/cel/environment/base.go), called at least
// once; the expected values are those that upstream's documentation of it gives.

import { describe, expect, it } from 'vitest'
import { createCel } from '../cel.ts'

const environment = createCel().environment({ self: { kind: 'list', items: { kind: 'int' } } })
const value = (expression: string) => environment.compile(expression).evaluate({ self: [3, 1, 2] }, 1e6).value

const TRUE: Readonly<Record<string, string[]>> = {
  regex: [
    '"abc 123".find("[0-9]+") == "123" && "abc".find("xyz") == ""',
    '"1 a 2".findAll("[0-9]+") == ["1", "2"] && "1 a 2".findAll("[0-9]+", 1) == ["1"]',
    '"abc".matches("^a") && matches("abc", "c$")',
  ],
  urls: [
    'url("/path").getScheme() == "" && url("HTTPS://example.com/").getScheme() == "https"',
    'url("https://EXAMPLE.com:443/").getHost() == "EXAMPLE.com:443" && url("/path").getHost() == ""',
    'url("https://[::1]:80/").getHostname() == "::1" && url("https://u:p@a.b/").getHostname() == "a.b"',
    'url("https://a:443/").getPort() == "443" && url("https://a/").getPort() == ""',
    'url("https://a").getEscapedPath() == "" && url("https://a/b c/").getEscapedPath() == "/b%20c/"',
    'url("https://a/?k1=a&k2=b&k2=c+d").getQuery() == {"k1": ["a"], "k2": ["b", "c d"]}',
    'isURL("mailto:a@b") && isURL("/a") && !isURL("../a") && !isURL("https://a:b:c/") && !isURL("https://a/%zz")',
  ],
  addresses: [
    'isIP("::1") && !isIP("127.0.0.256") && !isIP("010.0.0.1") && !isIP("::ffff:1.2.3.4") && !isIP("fe80::1%eth0")',
    'ip("::0001") == ip("::1") && string(ip("::0001")) == "::1" && ip("127.0.0.1").family() == 4',
    'ip.isCanonical("2001:db8::abcd") && !ip.isCanonical("2001:DB8::ABCD") && ip.isCanonical("127.0.0.1")',
    'ip("0.0.0.0").isUnspecified() && ip("::1").isLoopback() && ip("224.0.0.1").isLinkLocalMulticast()',
    'ip("169.254.169.254").isLinkLocalUnicast() && !ip("255.255.255.255").isGlobalUnicast()',
    '["::1"].all(ip, isIP(ip))',
    'isCIDR("192.168.0.0/16") && !isCIDR("10.0.0.0/08") && !isCIDR("::1/129") && !isCIDR("::ffff:1.2.3.4/24")',
    'cidr("192.168.0.0/24").containsIP("192.168.0.1") && !cidr("192.168.0.0/24").containsIP(ip("::1"))',
    'cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16") && !cidr("10.1.0.0/16").containsCIDR(cidr("10.0.0.0/8"))',
    'cidr("192.168.0.1/24").masked() == cidr("192.168.0.0/24") && cidr("::1/128").prefixLength() == 128',
    'cidr("192.168.0.1/24").ip() == ip("192.168.0.1") && cidr("192.168.0.1/24") != cidr("192.168.0.0/24")',
    'string(cidr("2001:DB8::1/33").masked()) == "2001:db8::/33"',
  ],
  lists: [
    '["a", "b", "b"].isSorted() && ![2.0, 1.0].isSorted() && [].isSorted() && [b"\\x09", b"\\x10"].isSorted()',
    '[1, 3].sum() == 4 && [].sum() == 0 && [duration("1m"), duration("1s")].sum() == duration("61s") && [1u].sum() == 1u',
    '[1, 3].min() == 1 && [duration("1m"), duration("59s")].max() == duration("1m")',
    '[1, 2, 2, 3].indexOf(2) == 1 && ["a", "b", "b"].lastIndexOf("b") == 2 && [1.0].indexOf(1.1) == -1',
    '[1, 2, 3, 4].slice(1, 3) == [2, 3] && [[1], [2, 3]].flatten() == [1, 2, 3] && [[[1]]].flatten(2) == [1]',
    '["b", "b", "a"].distinct() == ["b", "a"] && lists.range(3) == [0, 1, 2] && [1, 2].reverse() == [2, 1]',
    '["b", "c", "a"].sort() == ["a", "b", "c"] && [timestamp("2001-01-01T00:00:00Z"), timestamp("2000-01-01T00:00:00Z")].sort()[0].getFullYear() == 2000',
    'self.sortBy(e, -e) == [3, 2, 1] && [].sortBy(e, e) == []',
    '[{"n": "y", "at": "2"}, {"n": "x", "at": "1"}].sortBy(e, e.at).map(e, e.n) == ["x", "y"]',
    '[1, 2].first().value() == 1 && [1, 2].last() == optional.of(2) && [].first() == optional.none()',
    'sets.contains([1, 2, 3], [2.0]) && sets.equivalent([1], [1u, 1u]) && !sets.intersects([1], [2])',
  ],
  loops: [
    '[1, 2, 2].existsOne(i, i < 2) && [1, 2].exists_one(i, i == 2) && {"a": 1}.existsOne(k, k == "a")',
    '[1, 2].map(i, i > 1, i * 2) == [4] && [1, 2].filter(i, i > 1) == [2] && {"a": 1}.map(k, k) == ["a"]',
    '[1, 2].all(i, v, i < v) && {"a": 1}.transformMap(k, v, v + 1) == {"a": 2}',
  ],
  'what may be absent': [
    'optional.ofNonZeroValue("") == optional.none() && optional.ofNonZeroValue([1]).hasValue()',
    '!optional.ofNonZeroValue({}).hasValue() && !optional.ofNonZeroValue(duration("0s")).hasValue()',
    'optional.unwrap([optional.of(42), optional.none()]) == [42] && [optional.of(1)].unwrapOpt() == [1]',
    'optional.of(1).optMap(x, x + 1).value() == 2 && !optional.none().optMap(x, x + 1).hasValue()',
    'self[?0].optFlatMap(e, self[?e]).orValue(7) == 7 && self[?1].optFlatMap(e, self[?e]).value() == 1',
    'optional.none().or(optional.of(2)).value() == 2',
  ],
  quantities: [
    'isQuantity("1.3Gi") && !isQuantity("1,3G") && !isQuantity("200K") && quantity("200M").compareTo(quantity("0.2G")) == 0',
    'quantity("50k").asInteger() == 50000 && !quantity("9999999999999999999999G").isInteger()',
    'quantity("50k").add(20).sub(quantity("100k")).sub(-50000) == quantity("20") && quantity("-1").sign() == -1',
    'quantity("50k").sub(20000).asApproximateFloat() == 30000.0 && quantity("50M").isLessThan(quantity("50Mi"))',
  ],
  texts: [
    '"hello".charAt(4) == "o" && "hello".charAt(5) == "" && "😀x".charAt(1) == "x"',
    '"hello mellow".indexOf("ello", 2) == 7 && "hello mellow".indexOf("ello", 20) == -1 && "😀ab".indexOf("b") == 2',
    '"hello mellow".lastIndexOf("ello", 6) == 1 && "hello mellow".lastIndexOf("") == 12 && "".lastIndexOf("a") == -1',
    '"TacoCÆt".lowerAscii() == "tacocÆt" && "tacocæt".upperAscii() == "TACOCæT" && " \\ta\\n ".trim() == "a"',
    '"hello hello".replace("he", "we", 1) == "wello hello" && "ab".replace("", "_") == "_a_b_" && "ab".replace("", "_", 2) == "_a_b"',
    '"a b c".split(" ", 2) == ["a", "b c"] && "a😀".split("") == ["a", "😀"] && "a b".split(" ", 0) == []',
    '"tacocat".substring(4) == "cat" && "😀ab".substring(1, 2) == "a" && ["a", "b"].join("-") == "a-b"',
    'strings.quote("a \\"b\\"\\n") == "\\"a \\\\\\"b\\\\\\"\\\\n\\""',
    '"%s %s".format([[1, "a", 1.5, null], {"k": "v"}]) == "[1, \\"a\\", 1.500000, null] {\\"k\\":\\"v\\"}"',
    '"%d%% %x %X %o %b".format([42, 26, "hi", 8, true]) == "42% 1a 6869 10 1"',
    '"%.2f %f %e".format([3.14159, 1234.5, 3.14]) == "3.14 1,234.500000 3.140000×10⁰⁰"',
    '"%s %s %s".format([duration("1h45m47s"), timestamp("2023-02-03T23:31:20+00:00"), type(1)]) == "6347s 2023-02-03T23:31:20Z int"',
  ],
  conversions: [
    'int(timestamp("1970-01-01T00:00:05Z")) == 5 && int(duration("1s")) == 1000000000 && int(1.9) == 1 && int("9") == 9',
    'string(timestamp("2020-01-01T00:00:00.50Z")) == "2020-01-01T00:00:00.5Z" && string(duration("90s")) == "90s"',
    'type(ip("10.0.0.1")) == net.IP && type(cidr("10.0.0.0/8")) == net.CIDR && net.IP != net.CIDR && type(net.IP) == type',
    'type(cidr("10.0.0.0/8").ip()) == net.IP && type("10.0.0.1") != net.IP',
    'double("1.5") == 1.5 && uint(3) == 3u && bool("true") && bytes("a") == b"a" && type(dyn(1)) == int',
    'timestamp(timestamp("2020-01-01T12:00:00Z")).getHours("+02:00") == 14 && duration(duration("1.5s")).getMilliseconds() == 1500',
  ],
  others: [
    'format.named("uuid").hasValue() && format.qualifiedName().validate("a/b") == optional.none()',
    'semver("v1.0", true) == semver("1.0.0") && semver("01.01.01", true).minor() == 1 && !isSemver("hello")',
    'jsonpatch.escapeKey("k8s.io/my~label") == "k8s.io~1my~0label"',
    '1 < 1.5 && 1u < 2 && dyn(1) == 1.0',
  ],
}

describe.each(Object.entries(TRUE))('%s', (_, expressions) => {
  it.each(expressions)('%s', (expression) => {
    expect(value(expression)).toBe(true)
  })
})

it.each([
  ['"a".charAt(-1)', 'index out of range: -1'],
  ['"tacocat".substring(2, 1)', 'invalid substring range. start: 2, end: 1'],
  ['"a".indexOf("b", -1)', 'index out of range: -1'],
  ['[].max()', 'max called on empty list'],
  ['[[1]].sort()', 'list elements must be comparable'],
  ['self.map(e, e > 1 ? dyn("a") : dyn(1)).sort()', 'list elements must have the same type'],
  ['[1].slice(1, 0)', 'cannot slice(1, 0), start index must be less than or equal to end index'],
  ['[[1]].flatten(-1)', 'level must be non-negative'],
  ['"%d".format(["x"])', 'error during formatting: decimal clause can only be used on integers, was given string'],
  ['"%d %d".format([1])', 'index 1 out of range'],
  ['"%y".format([1])', 'could not parse formatting clause: unrecognized formatting clause "y"'],
  ['quantity("9999999999999999999999G").asInteger()', 'cannot convert value to integer'],
  ['ip("::ffff:1.2.3.4")', 'IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed'],
  ['optional.none().value()', 'optional.none() dereference'],
  ['1 % 0', 'modulus by zero'],
  ['9223372036854775807 + 1', 'integer overflow'],
  ['self[9]', 'index out of bounds: 9'],
])('%s fails: %s', (expression, words) => {
  expect(() => value(expression)).toThrow(words)
})

it.each(['b"a".hex()', 'own_matches("a", "b")', 'math.abs(-1)', 'base64.encode(b"a")'])(
  'does not know %s, which v1.36 does not either',
  (expression) => {
    expect(() => environment.compile(expression)).toThrow('undeclared reference to')
  },
)
