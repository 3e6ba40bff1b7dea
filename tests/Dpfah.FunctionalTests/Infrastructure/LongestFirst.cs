using Dpfah.FunctionalTests.Cli;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Nodes;
using Dpfah.FunctionalTests.Readme;
using Dpfah.FunctionalTests.Restarts.Reference;
using Dpfah.FunctionalTests.Story;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Dpfah.FunctionalTests.Infrastructure;

/// <summary>Begins the tests that take minutes before all others: one of them that began among the last would end alone.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    // The longest first.
    private static readonly string[] Long =
        [SharedNodes.Name, Class<ReproduceCommandTests>(), Class<DemoTests>(), OneTraining.Name, Class<StoryTests>(), Class<ReferenceTests>()];

    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : Xunit.Sdk.ITestCollection =>
        [.. testCollections.OrderBy(collection => Place(collection.TestCollectionDisplayName))];

    private static int Place(string collection)
    {
        int place = Array.FindIndex(Long, name => collection.Contains(name, StringComparison.Ordinal));
        return place < 0 ? Long.Length : place;
    }

    // A class has a collection of its own, whose name is made of that of the class.
    private static string Class<T>() => typeof(T).FullName!;
}
