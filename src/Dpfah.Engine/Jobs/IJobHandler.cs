namespace Dpfah.Engine.Jobs;

/// <summary>Does one kind of job.</summary>
internal interface IJobHandler
{
    /// <summary>The kind, such as <c>import</c>.</summary>
    string Kind { get; }
}
