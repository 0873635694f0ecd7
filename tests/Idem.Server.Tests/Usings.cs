global using Idem.Tests.Support;
global using Xunit;
