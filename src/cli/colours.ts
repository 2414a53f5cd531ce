import picocolors from 'picocolors';

/** Colours for people at a terminal. In a pipe there are none, in CI neither, whatever the package thinks of it. */
export default picocolors.createColors(process.stdout.isTTY === true && picocolors.isColorSupported);
