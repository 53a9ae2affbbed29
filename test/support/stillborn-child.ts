/** A child process that ends before it has answered anything. */
console.error('the library is missing');
process.exit(3);
