namespace Dpfah.Core.Tests.Indexing;

/// <summary>What the tests keep with an item.</summary>
internal sealed record Item(string Name, int Label);
