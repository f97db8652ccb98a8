import { BlockList } from 'node:net';
import fc from 'fast-check';
import { condition } from './conditions.js';

const ip = 'aws:SourceIp';
const holds = (range: string, address: string) => condition('IpAddress', ip, [range], true)(() => [address]);

test('an IPv4 address is in the ranges that node:net finds it in', () => {
  const near = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.nat(255)).map(([network, bits, last]) => ({
    network,
    bits,
    address: network.replace(/\d+$/, String(last)),
  }));
  const any = fc.record({ network: fc.ipV4(), bits: fc.integer({ min: 0, max: 32 }), address: fc.ipV4() });
  fc.assert(
    fc.property(fc.oneof(near, any), ({ network, bits, address }) => {
      const list = new BlockList();
      list.addSubnet(network, bits, 'ipv4');
      expect(holds(`${network}/${bits}`, address)).toBe(list.check(address, 'ipv4'));
    }),
    { numRuns: 500 },
  );
});

test.each(['10.0.0.256', '10.0.0', '010.0.0.1', '::ffff:10.0.0.1', '10.0.0.1 ', ''])(
  '%p is in no range of IPv4 addresses',
  (address) => expect(holds('0.0.0.0/0', address)).toBe(false),
);
