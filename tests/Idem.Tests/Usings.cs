global using Idem.Numerics;
global using Xunit;
