import { isIP, isIPv6 } from 'node:net';

/**
 * Removes the variables that Kubernetes sets in every container for the Services of its namespace whose name begins
 * with `keyblock`, such as `KEYBLOCK_PORT=tcp://10.0.0.1:8080`, which isn't our setting.
 *
 * The kubelet sets SERVICE_HOST, SERVICE_PORT and PORT of a Service together. Variables that don't agree with each
 * other stay, and are refused as unknown settings. A container's own KEYBLOCK_PORT overrides that of the Service.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
export function withoutServiceLinks(env: Readonly<Record<string, string>>): Record<string, string> {
  const services = Object.keys(env)
    .flatMap((name) => /^(KEYBLOCK(?:_[A-Z0-9_]+)?)_SERVICE_HOST$/.exec(name)?.[1] ?? [])
    .filter((service) => isService(service, env));
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !services.some((service) => isLink(name, service, env))),
  );
}

function isService(service: string, env: Readonly<Record<string, string>>): boolean {
  const [host = '', port = ''] = [env[`${service}_SERVICE_HOST`], env[`${service}_SERVICE_PORT`]];
  if (isIP(host) === 0 || !isPort(port)) return false;
  return service === 'KEYBLOCK' || isLink(`${service}_PORT`, service, env);
}

/** True if the kubelet derives the variable, with this value, from the address of the Service. */
function isLink(name: string, service: string, env: Readonly<Record<string, string>>): boolean {
  if (!name.startsWith(`${service}_`)) return false;
  const suffix = name.slice(service.length + 1);
  const value = env[name] ?? '';
  const [host = '', firstPort = ''] = [env[`${service}_SERVICE_HOST`], env[`${service}_SERVICE_PORT`]];
  const address = (port: string) => `${isIPv6(host) ? `[${host}]` : host}:${port}`;

  if (suffix === 'SERVICE_HOST' || suffix === 'SERVICE_PORT') return true;
  if (/^SERVICE_PORT_[A-Z0-9_]+$/.test(suffix)) return isPort(value);
  if (suffix === 'PORT')
    return ['tcp', 'udp', 'sctp'].some((protocol) => value === `${protocol}://${address(firstPort)}`);
  const [, port = '', protocol = '', part = ''] =
    /^PORT_(\d+)_(TCP|UDP|SCTP)(?:_(PROTO|PORT|ADDR))?$/.exec(suffix) ?? [];
  const lowerCase = protocol.toLowerCase();
  const derived = { '': `${lowerCase}://${address(port)}`, PROTO: lowerCase, PORT: port, ADDR: host };
  return isPort(port) && value === derived[part as keyof typeof derived];
}

function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65535;
}
