const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

/** Whether @platformatic/kafka 2.x runs on this Node. */
export const runsHere: boolean = major > 22 || (major === 22 && minor >= 22);
