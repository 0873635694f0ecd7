global using Idem.Numerics;
global using Idem.Tests.Support;
global using Xunit;
