import { describe, expect, it } from 'vitest';
import {
  formatIpv4,
  formatIpv6,
  fromNetworkOrder,
  isLinkLocal,
} from '../../src/kernel/linux/net/ip-address.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

describe('IP addresses', () => {
  it('writes IPv4 with dots', () => {
    expect(formatIpv4(bytes('c6336407'))).toBe('198.51.100.7');
  });

  // RFC 5952, 4.1 to 4.3 and 5.
  it.each([
    ['00000000 00000000 00000000 00000000', '::'],
    ['00000000 00000000 00000000 00000001', '::1'],
    ['20010db8 00000000 00000000 00000000', '2001:db8::'],
    ['20010db8 00010000 00000000 00000009', '2001:db8:1::9'],
    ['20010db8 00000001 00010001 00010001', '2001:db8:0:1:1:1:1:1'],
    ['20010000 00000001 00000000 00000001', '2001:0:0:1::1'],
    ['20010db8 00000000 00010000 00000001', '2001:db8::1:0:0:1'],
    ['fe800000 00000000 a44453ff fe889c88', 'fe80::a444:53ff:fe88:9c88'],
    ['00000000 00000000 0000ffff 7f000001', '::ffff:127.0.0.1'],
    ['00000000 00000000 00000000 7f000001', '::7f00:1'],
    ['abcdef01 23456789 abcdef01 23456789', 'abcd:ef01:2345:6789:abcd:ef01:2345:6789'],
  ])('writes IPv6 in its shortest form: %s', (hex, text) => {
    expect(formatIpv6(bytes(hex))).toBe(text);
  });

  it('knows addresses of one link', () => {
    expect(isLinkLocal(bytes('fe80000000000000a44453fffe889c88'))).toBe(true);
    expect(isLinkLocal(bytes('febf0000000000000000000000000001'))).toBe(true);
    expect(isLinkLocal(bytes('fec00000000000000000000000000001'))).toBe(false);
    expect(isLinkLocal(bytes('ff020000000000000000000000000001'))).toBe(true);
    expect(isLinkLocal(bytes('ff050000000000000000000000000001'))).toBe(false);
  });

  it('turns the bytes of ports', () => {
    expect(fromNetworkOrder(0x901f)).toBe(8080);
    expect(fromNetworkOrder(0x0008)).toBe(0x0800);
  });
});
