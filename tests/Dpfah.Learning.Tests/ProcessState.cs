namespace Dpfah.Learning.Tests;

/// <summary>Tests that change what belongs to the process (libtorch's thread count, its default device): they run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessState
{
    public const string Name = "process state";
}
