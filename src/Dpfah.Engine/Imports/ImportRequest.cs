namespace Dpfah.Engine.Imports;

/// <summary>What an import is asked to do, as its job carries it.</summary>
/// <param name="Blob">Number of the spooled upload.</param>
/// <param name="Format">What the upload is.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its SHA-256, lower-case hex.</param>
/// <param name="Labels">Where the labels of an archive's pictures come from.</param>
/// <param name="Mode">What becomes of pictures that the upload lacks.</param>
/// <param name="DryRun">Whether only counts and rejections are wanted.</param>
/// <param name="LastItem">Highest item number when it was asked for: what came later is not deleted.</param>
internal sealed record ImportRequest(
    long Blob, ImportFormat Format, long Bytes, string Sha256, LabelSource Labels, ImportMode Mode, bool DryRun, long LastItem);

/// <summary>How far an import has come.</summary>
/// <param name="Entries">Entries that were dealt with.</param>
/// <param name="Deleted">Pictures that were deleted because the upload lacks them.</param>
/// <param name="Pace">How many entries are at work at once.</param>
/// <param name="Lost">Processes that were lost at this checkpoint, at work on one entry alone.</param>
internal sealed record ImportCheckpoint(long Entries, long Deleted, ImportPace Pace = ImportPace.Normal, int Lost = 0)
{
    /// <summary>Where to go on when a process was lost here.</summary>
    public ImportCheckpoint AfterLoss() => Pace == ImportPace.Single ? this with { Lost = Lost + 1 } : this with { Pace = Pace + 1 };
}

/// <summary>What came of an import.</summary>
/// <param name="Deleted">Pictures that were deleted because the upload lacks them; with a dry run, that would be.</param>
/// <param name="DryRun">Whether nothing was written.</param>
/// <param name="Position">A search that names this position sees all of it.</param>
internal sealed record ImportResult(long Deleted, bool DryRun, string Position);
