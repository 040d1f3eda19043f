// Users of the secured listeners, and what they may do.
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type KafkaConfig,
  ResourcePatternTypes,
} from 'kafkajs';
import { type RealCluster, USERS } from './real-cluster.ts';

export const USER = 'shop';

const RIGHTS = [AclOperationTypes.WRITE, AclOperationTypes.DESCRIBE];

const aclsOf = (topic: string) =>
  RIGHTS.map((operation) => ({
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${USER}`,
    host: '*',
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  }));

/** Lets the user write to a topic. The brokers learn of it one after the other. */
export async function allow(cluster: RealCluster, topic: string): Promise<void> {
  await cluster.admin((admin) => admin.createAcls({ acl: aclsOf(topic) }));
}

export async function forbid(cluster: RealCluster, topic: string): Promise<void> {
  await cluster.admin((admin) => admin.deleteAcls({ filters: aclsOf(topic) }));
}

/** How the user gets in. */
export function securedKafka(
  cluster: RealCluster,
  password: string = USERS[USER],
): Pick<KafkaConfig, 'brokers' | 'ssl' | 'sasl'> {
  return {
    brokers: cluster.securedAddresses,
    ssl: { ca: [cluster.ca] },
    sasl: { mechanism: 'scram-sha-512', username: USER, password },
  };
}
