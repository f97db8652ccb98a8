import { BlockList, isIPv6 } from 'node:net';

/**
 * Addresses that are local to this host or its network (RFC 6890 and its IPv6 counterparts). BlockList itself applies the
 * rules of IPv4 to IPv4-mapped IPv6 addresses: with a rule for ::ffff:0:0/96, every IPv4 address would match.
 */
const SPECIAL = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  SPECIAL.addSubnet(network, prefix);
for (const [network, prefix] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2001::', 23],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  SPECIAL.addSubnet(network, prefix, 'ipv6');

/** @param address IPv4 or IPv6, without brackets */
export function isPublic(address: string): boolean {
  return !SPECIAL.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
