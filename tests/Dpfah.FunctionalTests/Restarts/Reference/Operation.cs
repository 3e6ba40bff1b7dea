namespace Dpfah.FunctionalTests.Restarts.Reference;

/// <summary>What a client does.</summary>
internal enum OperationKind
{
    Put,
    Patch,
    Delete,
    Get,
    List,
    Search,
    SearchCode,
    Similar,
    Import,
    Fill,
    Activate,
}

/// <summary>One step of a client, with all that it takes to do it again.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Id">The picture that it is done to.</param>
/// <param name="Picture">The picture that is sent, or whose code; of an import what its entries are drawn by.</param>
/// <param name="Labels">Labels that are put, or asked for; null in a patch for those that are there.</param>
/// <param name="Number">Of metadata that is put; least number that is asked for.</param>
/// <param name="K">Pictures a page; entries of an import.</param>
/// <param name="Radius">Largest distance; null for none.</param>
/// <param name="Flag">
/// A patch sets the metadata; a search follows its pages, one by code with its signature; an import replaces; an activation deletes first what it activates.
/// </param>
internal sealed record Operation(
    OperationKind Kind, string Id = "", int Picture = 0, string[]? Labels = null, int? Number = null, int K = 0, int? Radius = null, bool Flag = false)
{
    public override string ToString() =>
        $"{Kind} {Id} picture {Picture} labels {(Labels is null ? "-" : string.Join('|', Labels))} n {Number} k {K} radius {Radius} {Flag}";
}
