// The page for a browser that came without the right address: go on where its desk was last.

const { door } = localStorage;
if (door && door !== location.pathname) location.replace(door);
