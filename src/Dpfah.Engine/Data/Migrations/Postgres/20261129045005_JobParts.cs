using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Dpfah.Engine.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class JobParts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "job_parts",
                columns: table => new
                {
                    job_id = table.Column<long>(type: "bigint", nullable: false),
                    number = table.Column<long>(type: "bigint", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    fence = table.Column<long>(type: "bigint", nullable: false),
                    leader = table.Column<string>(type: "text", nullable: false),
                    worker = table.Column<string>(type: "text", nullable: true),
                    lease_until_ms = table.Column<long>(type: "bigint", nullable: false),
                    input = table.Column<string>(type: "text", nullable: false),
                    output = table.Column<byte[]>(type: "bytea", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_job_parts", x => new { x.job_id, x.number });
                    table.ForeignKey(
                        name: "FK_job_parts_jobs_job_id",
                        column: x => x.job_id,
                        principalTable: "jobs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            // Rows live for seconds, and can be lost; previews do not compress.
            migrationBuilder.Sql("ALTER TABLE job_parts SET UNLOGGED");
            migrationBuilder.Sql("ALTER TABLE job_parts ALTER COLUMN output SET STORAGE EXTERNAL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "job_parts");
        }
    }
}
