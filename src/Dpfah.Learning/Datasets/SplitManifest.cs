namespace Dpfah.Learning.Datasets;

/// <summary>A split on disk.</summary>
public sealed class SplitManifest
{
}
